// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Outsider

/// One state of a small world: the negotiation, the models that check it, and what may still
/// happen.
struct Scene: Sendable {
    struct Connection: Hashable, Sendable {
        var peer: PeerID
        var confirm: Bool
        var isOpen = true
        var isSubscribed: Bool
        /// The round last heard of each update.
        var rounds: [Int64?]
    }

    /// What each may still do.
    struct Allowance: Hashable, Sendable {
        struct Role: Hashable, Sendable {
            var subscribes, hangUps, losses, unsubscribes, acknowledges, defers: Int
        }

        var roles: [Role]
        var announces: [Int]
        var otherRequests, leaves, forces, cancels, completes, restarts, sleeps: Int
    }

    var negotiation: Negotiation
    /// Follows from the negotiation, unless a change was not reported.
    private var writtenCopy = WrittenCopy()
    private var checker: InvariantChecker
    private var oracle: Oracle
    var now = Instant(sinceBoot: .zero)
    var left: Allowance
    var connections: [[Connection]]
    /// Live coordinators of each update.
    var coordinators: [[StreamID]]
    var dueAt: Instant?

    init(_ world: World) {
        negotiation = Negotiation(settings: world.settings)
        checker = InvariantChecker(settings: world.settings)
        oracle = Oracle(settings: world.settings)
        left = Allowance(world)
        connections = world.roles.map { _ in [] }
        coordinators = world.policies.map { _ in [] }
        dueAt = nil
    }

    /// A hash by which a search knows the state.
    var key: Int {
        var hasher = Hasher()
        hasher.combine(negotiation.explorationKey)
        hasher.combine(checker)
        hasher.combine(oracle)
        hasher.combine(now)
        hasher.combine(left)
        hasher.combine(connections)
        hasher.combine(coordinators)
        hasher.combine(dueAt)
        return hasher.finalize()
    }

    /// The moves that lead to the world as it is at first.
    static func opening(of world: World) -> [Move] {
        world.roles.indices.flatMap { role in
            Array(repeating: Move.subscribe(role: role), count: world.roles[role].present)
        } + (0..<world.announced).map { Move.announce(update: $0) }
    }
}

extension Scene.Allowance {
    init(_ world: World) {
        roles = world.roles.map { role in
            Role(
                subscribes: role.present + role.subscribes,
                hangUps: role.hangUps,
                losses: role.losses,
                unsubscribes: role.unsubscribes,
                acknowledges: role.acknowledges,
                defers: role.defers
            )
        }
        announces = world.announces
        otherRequests = world.otherRequests
        (leaves, forces, cancels) = (world.leaves, world.forces, world.cancels)
        (completes, restarts, sleeps) = (world.completes, world.restarts, world.sleeps)
    }
}

// MARK: - Moving

extension Scene {
    /// Makes a move, and says what is wrong with its consequences.
    mutating func make(_ move: Move, in world: World) -> (Event, [String])? {
        guard let event = prepare(move, in: world) else { return nil }
        let before = negotiation
        let consequences = negotiation.handle(event, at: now)
        dueAt = negotiation.nextDeadline
        note(consequences.actions)
        if case .announceAnother(let update) = move {
            let stream = StreamID(PeerID(98), 1)
            var refusal = Consequences()
            refusal.actions = [.failed(stream, .anotherRequest("d-\(update + 1)"))]
            let isRefused = consequences == refusal && negotiation == before
            return (event, isRefused ? [] : ["another request was not refused"])
        }
        var objections = checker.check(
            Transition(event, consequences, before: before, after: negotiation, at: now)
        )
        objections += writtenCopy.follow(consequences.changes, to: negotiation)
        objections += oracle.hear(event, consequences.actions, at: now)
        if event == .timePassed { objections += futility(of: consequences, since: before) }
        return (event, objections + send())
    }

    /// Everything is sent at once. The broker may die before that.
    private mutating func send() -> [String] {
        guard negotiation.awaitsSending else { return [] }
        var objections = writtenCopy.objectionsToRestoring(negotiation, at: now)
        let consequences = negotiation.handle(.sent, at: now)
        objections += writtenCopy.follow(consequences.changes, to: negotiation)
        let isSilent = consequences.actions.isEmpty && consequences.decisions.isEmpty
        if !isSilent || negotiation.awaitsSending { objections.append("sending does not end") }
        return objections
    }

    /// What is wrong with the state itself, however it was reached.
    func objections(in world: World) -> [String] {
        disagreements(in: world) + restlessness()
            + writtenCopy.objectionsToRestoring(negotiation, at: now)
    }

    private mutating func note(_ actions: [Action]) {
        for case .notify(let stream, let notice) in actions {
            guard let update = Int(notice.deploymentID.dropFirst(2)) else { continue }
            for role in connections.indices {
                for index in connections[role].indices
                where connections[role][index].peer == stream.peer {
                    connections[role][index].rounds[update - 1] = notice.round
                }
            }
        }
        for update in coordinators.indices {
            let isWaiting = negotiation.updates["d-\(update + 1)"]?.isWaiting ?? false
            if !isWaiting { coordinators[update] = [] }
        }
    }

    /// The negotiation and the oracle must say the same.
    private func disagreements(in world: World) -> [String] {
        let ids = world.policies.indices.map { "d-\($0 + 1)" }
        return oracle.disagreements(with: negotiation, on: ids, at: now) + latecomers(in: world)
    }

    /// What each component would be told that it comes too late for.
    private func latecomers(in world: World) -> [String] {
        world.roles.flatMap { role -> [String] in
            let one = Subscription(stream: StreamID(PeerID(97), 1), component: role.name)
            let isSame =
                negotiation.underway(for: one, at: now) == oracle.underway(for: one, at: now)
            return isSame ? [] : ["\(role.name) comes too late for other updates"]
        }
    }

    /// No deadline that changes nothing, and none that is due still.
    private func futility(
        of consequences: Consequences,
        since before: Negotiation
    ) -> [String] {
        let isProgress = negotiation != before
        let isDue = dueAt.map { $0 <= now } ?? false
        if isDue, !isProgress { return ["a deadline stays due"] }
        return isProgress || consequences != Consequences() ? [] : ["a deadline changed nothing"]
    }

    /// Time that passes early, or twice, changes nothing.
    private func restlessness() -> [String] {
        if let dueAt, dueAt <= now { return [] }
        var copy = negotiation
        let consequences = copy.handle(.timePassed, at: now)
        let isStill = consequences == Consequences() && copy == negotiation
        return isStill ? [] : ["time passed early, and did something"]
    }
}
