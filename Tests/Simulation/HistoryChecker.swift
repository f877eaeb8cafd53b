// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import Outsider
import ReprieveBroker
import ReprieveProtocol

/// The models that check a history, each independent of the broker: the invariants, the oracle,
/// which says when a gate may open, shutdowns, and what components hear.
struct HistoryChecker {
    private var invariants: InvariantChecker
    private var oracle: Oracle
    private var machine = ShutdownChecker()
    private var posts = PostChecker()

    /// The update of the shutdown that is under way.
    var shutdown: DeploymentID? { machine.id }

    var isMachineGoingDown: Bool { machine.isGoingDown }

    init(settings: Settings) {
        invariants = InvariantChecker(settings: settings, withReboots: true)
        oracle = Oracle(settings: settings)
    }

    mutating func enter(_ entry: TraceEntry) -> [String] {
        posts.enter(entry, oracle)
        let objections = machine.objectToEnd(entry) + machine.objectToExcuses(entry, invariants)
        let transition = Transition(
            entry.event,
            entry.consequences,
            before: entry.before,
            after: entry.after,
            at: entry.instant
        )
        return objections + check(transition)
    }

    private mutating func restarted(
        _ before: Negotiation,
        _ after: Negotiation,
        at now: Instant
    ) -> [String] {
        let changed = after.updates.names.filter { id in
            after.updates[id]?.status(at: now) != before.updates[id]?.status(at: now)
        }
        var consequences = Consequences()
        consequences.actions = changed.map(Action.changed)
        return check(Transition(.restarted, consequences, before: before, after: after, at: now))
    }

    private mutating func check(_ transition: Transition) -> [String] {
        // An announcement that is refused has not happened.
        let actions = transition.consequences.actions
        let isTurnedAway = actions.contains { action in
            if case .announced = transition.event, case .failed = action { true } else { false }
        }
        guard !isTurnedAway else { return [] }
        let objections = invariants.check(transition)
        let misheard = oracle.hear(transition.event, actions, at: transition.now)
        return objections + misheard + disagreements(with: transition.after, at: transition.now)
    }

    /// The broker and the oracle must say the same of every gate.
    private func disagreements(with negotiation: Negotiation, at now: Instant) -> [String] {
        let ids = Set(History.ids + negotiation.updates.names).sorted()
        return oracle.disagreements(with: negotiation, on: ids, at: now)
    }
}

// MARK: - What happens to the machine

extension HistoryChecker {
    mutating func begin(_ limit: Duration, _ trace: [TraceEntry], at now: Instant) -> [String] {
        let hasSubscribers = invariants.hasSubscribers
        let objections = machine.begin(limit, trace, hasSubscribers: hasSubscribers, at: now)
        return objections + trace.flatMap { enter($0) }
    }

    mutating func callOff(
        _ trace: [TraceEntry],
        _ before: Negotiation,
        _ after: Negotiation
    ) -> [String] {
        let objections = trace.flatMap { enter($0) }
        return objections + machine.callOff(before, after)
    }

    mutating func suspend(_ asleep: Duration, _ after: Negotiation) {
        machine.suspend(asleep, after)
    }

    /// The broker died and is back, and knows how long the device was suspended meanwhile: plays
    /// again what it has to come to, and returns that.
    mutating func restart(
        _ before: Negotiation,
        slept: Duration = .zero,
        at now: Instant
    ) -> (Negotiation, objections: [String]) {
        posts.restart()
        var negotiation = before
        var objections: [String] = []
        if slept > .zero {
            let event = Event.slept(slept)
            let consequences = negotiation.handle(event, at: now)
            objections += check(
                Transition(event, consequences, before: before, after: negotiation, at: now)
            )
        }
        let awake = negotiation
        _ = negotiation.handle(.restarted, at: now)
        objections += restarted(awake, negotiation, at: now)
        let shutdowns = negotiation.updates.entries.filter(\.request.isShutdown)
        for update in shutdowns {
            let event: Event
            let broker = StreamID(PeerID(0), 1)
            if update.isWaiting {
                event = .announced(update.request, coordinator: broker, process: 0)
            } else if update.request.reason == "the machine reboots, but for its kernel" {
                event = .completed(update.id, .applied, message: nil, request: broker)
            } else {
                continue
            }
            let earlier = negotiation
            let consequences = negotiation.handle(event, at: now)
            let transition = Transition(
                event,
                consequences,
                before: earlier,
                after: negotiation,
                at: now
            )
            objections += check(transition)
        }
        // What that sent, nobody is there to hear.
        _ = negotiation.handle(.sent, at: now)
        machine.restart(negotiation)
        return (negotiation, objections)
    }

    /// The device has rebooted: what was released still is, but for the reboot itself.
    mutating func reboot(
        _ before: Negotiation,
        _ after: Negotiation,
        at now: Instant
    ) -> [String] {
        let released = before.updates.names.filter { before.updates[$0]?.opening != nil }
        let over = released.filter { before.updates[$0]?.request.isShutdown == true }
        posts.restart()
        invariants.reboot(before, over: Set(over), at: now)
        oracle.reboot(over: Set(over), at: now)
        machine.restart(Negotiation())
        let left = released.filter { !over.contains($0) }
        let isApplied = { (id: DeploymentID) in
            if case .completed(.applied, _)? = after.ending(of: id)?.ending { true } else { false }
        }
        return (after.updates.names == left ? [] : ["a reboot kept other updates"])
            + (over.allSatisfy(isApplied) ? [] : ["a shutdown took place and was not applied"])
            + disagreements(with: after, at: now)
    }

    /// What the machine is kept from.
    func objections(to kept: Inhibition, _ broker: Broker, at now: Instant) -> [String] {
        let statuses = broker.negotiation.updates.entries.map { $0.status(at: now) }
        let held = statuses.filter { !$0.isReleased }.flatMap(\.participants)
        let scene = ShutdownChecker.Scene(
            hasSubscribers: invariants.hasSubscribers,
            isShut: { if case .shut? = oracle.verdict(on: $0) { true } else { false } },
            underway: statuses.filter { $0.isReleased }.map(\.request).filter {
                $0.isExclusive && !$0.isShutdown
            },
            blocks: broker.settings.blocksShutdown,
            holders: held.filter { $0.state == .deferred }.map(\.component)
        )
        return machine.objectTo(kept, scene, at: now)
    }
}

// MARK: - What components hear

extension HistoryChecker {
    /// A subscription wants to know what is under way.
    mutating func ask(_ stream: StreamID) { posts.ask(stream) }

    mutating func hear(_ event: ClientConnection.Event, by peer: PeerID) -> [String] {
        event.objections + posts.hear(event, by: peer)
    }

    func objectToSilence(towards peer: PeerID) -> [String] {
        posts.objectToSilence(towards: peer)
    }
}

extension ClientConnection.Event {
    /// What is wrong with it in a client's eyes.
    fileprivate var objections: [String] {
        switch self {
        case .event(_, let payload, _):
            let isKnown = notice != nil || post != nil || gate != nil || isStatus(payload)
            return isKnown ? [] : ["an event that is none"]
        case .reply: return ["a client was made to reply"]
        case .connected, .denied, .response, .failed, .ended, .broken: return []
        }
    }

    private func isStatus(_ payload: [UInt8]) -> Bool {
        (try? StatusEvent(decoding: payload, limits: .fromBroker)) != nil
    }
}
