// SPDX-License-Identifier: Apache-2.0

import Negotiation

// One update at a time: who holds it, what it waits for, and whose turn it is.

extension GateAccount {
    /// Its gate has opened, and the update is not over.
    var isUnderway: Bool { if case .open = verdict { overAt == nil } else { false } }

    /// It has sent final questions, and no component was sent back to work since.
    var asksFinally: Bool {
        isShut && overAt == nil && accounts.values.contains(where: \.isAskedFinally)
    }

    /// A veto that does not answer can keep it waiting up to its deadline.
    private var awaitsSilentVeto: Bool { accounts.values.contains { $0.isVeto && $0.isOut } }

    /// Whether its final asking may keep others from beginning theirs.
    fileprivate var canHaveTurn: Bool { asksFinally && !awaitsSilentVeto }

    /// Follows the coordinator that makes the update, without which a short one is over soon.
    mutating func hearHolder(
        _ event: Event,
        _ actions: [Action],
        _ settings: Settings,
        at now: Instant
    ) {
        let isShort = !request.completesLater && request.disruption == .components
        guard request.isExclusive, isShort else { return }
        switch event {
        case .coordinatorLeft(let stream) where stream == holder: holder = nil
        case .hungUp(let peer, _) where peer == holder?.peer: holder = nil
        case .restarted: holder = nil
        case .slept(let asleep): heldUntil = heldUntil.map { $0 + asleep }
        case .timePassed:
            if isUnderway, let heldUntil, heldUntil <= now { overAt = now }
        default: break
        }
        for case .released(let stream, let release) in actions
        where release.deploymentID == request.deploymentID && !release.isJoined {
            holder = stream
        }
        let isAbandoned = holder == nil && !isShut
        let isRestart = event == .restarted
        let end = isRestart ? nil : heldUntil
        heldUntil = isAbandoned ? end ?? now + settings.applyGrace : nil
    }
}

extension Oracle {
    /// The order in which events reach the gates.
    var order: [DeploymentID] {
        gates.sorted { one, other in
            (one.value.announced, one.key) < (other.value.announced, other.key)
        }
        .map(\.key)
    }

    /// The updates that keep a gate shut: those that are made, and those that ask finally before.
    func holders(of id: DeploymentID) -> (underway: [DeploymentID], asking: [DeploymentID]) {
        guard let gate = gates[id] else { return ([], []) }
        let others = gates.filter { $0.key != id && gate.request.waits(for: $0.value.request) }
        return (
            others.filter { $0.value.isUnderway }.keys.sorted(),
            gate.request.isShutdown ? [] : others.filter { $0.value.hasTurn }.keys.sorted()
        )
    }

    /// A gate that opens ends the final askings of the updates that have to wait for it.
    mutating func interruptFinalAskings(by id: DeploymentID) {
        guard let opened = gates[id] else { return }
        for (other, gate) in gates where other != id && gate.request.waits(for: opened.request) {
            if gate.asksFinally { gates[other]?.takeWordsBack() }
        }
    }

    /// What can change at this instant does, of several updates that of the first one first.
    mutating func judge(at now: Instant) {
        repeat { takeTurns() } while order.contains(where: { judge($0, at: now) })
    }

    /// Of several final askings of updates that conflict the first one keeps the others waiting.
    private mutating func takeTurns() {
        for id in gates.keys where gates[id]?.canHaveTurn == false { gates[id]?.hasTurn = false }
        for id in order where gates[id]?.canHaveTurn == true && holders(of: id).asking.isEmpty {
            gates[id]?.hasTurn = true
        }
    }

    /// Whether that changes anything.
    mutating func judge(_ id: DeploymentID, at now: Instant) -> Bool {
        let (before, holders) = (gates[id]?.verdict, holders(of: id))
        gates[id]?.judge(settings, holders, at: now)
        return gates[id]?.verdict != before
    }
}
