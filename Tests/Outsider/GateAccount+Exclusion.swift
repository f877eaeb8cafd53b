// SPDX-License-Identifier: Apache-2.0

import Negotiation

// One update at a time.

extension GateAccount {
    /// Released, and not over.
    var isUnderway: Bool { if case .open = verdict { overAt == nil } else { false } }

    /// It has asked for final words and not opened yet. For a silent veto no update waits.
    var asksFinally: Bool {
        isShut && overAt == nil && accounts.values.contains { $0.isAskedFinally }
            && !accounts.values.contains { $0.isVeto && $0.isOut }
    }

    /// Whether its gate stays shut while the other one is under way.
    func waits(for other: GateAccount) -> Bool {
        let (one, two) = (request, other.request)
        guard two.isExclusive, !two.isShutdown else { return false }
        if one.isShutdown { return !two.disruption.isSameShutdown(as: one.disruption) }
        guard one.isExclusive else { return false }
        if one.disruption != .components || two.disruption != .components { return true }
        let (ours, theirs) = (one.components ?? [], two.components ?? [])
        if ours.isEmpty || theirs.isEmpty { return true }
        let (mine, others) = (ours + one.policy.require, theirs + two.policy.require)
        return mine.contains { name in
            others.contains { $0.answers(to: name) || name.answers(to: $0) }
        }
    }

    /// The coordinator that makes it, and when it is over without one.
    mutating func hearHolder(
        _ event: Event,
        _ actions: [Action],
        _ settings: Settings,
        at now: Instant
    ) {
        let isLeft =
            switch event {
            case .coordinatorLeft(let stream): stream == holder
            case .hungUp(let peer, _): peer == holder?.peer
            case .restarted: isUnderway
            default: false
            }
        if isLeft {
            holder = nil
            let mayEnd =
                request.isExclusive && !request.completesLater && !request.isShutdown
                && request.disruption == .components
            heldUntil = isUnderway && mayEnd ? now + settings.applyGrace : nil
        }
        if case .slept(let asleep) = event { heldUntil = heldUntil.map { $0 + asleep } }
        if event == .timePassed, let heldUntil, heldUntil <= now { overAt = now }
        for case .released(let stream, let release) in actions
        where release.deploymentID == request.deploymentID && !release.isJoined {
            (holder, heldUntil) = (stream, nil)
        }
    }
}

extension Oracle {
    /// In the order of their announcement.
    var order: [DeploymentID] {
        gates.keys.sorted { one, other in
            let (first, second) = (gates[one]?.announced, gates[other]?.announced)
            return first == second ? one < other : (first ?? last) < (second ?? last)
        }
    }

    /// The updates that an update waits for.
    func holders(of id: DeploymentID) -> (underway: [DeploymentID], asking: [DeploymentID]) {
        guard let gate = gates[id] else { return ([], []) }
        let others = gates.keys.filter { $0 != id && gates[$0].map(gate.waits) ?? false }.sorted()
        let asking = others.filter { gates[$0]?.asksFinally ?? false }
        return (
            others.filter { gates[$0]?.isUnderway ?? false },
            gate.request.isShutdown ? [] : asking
        )
    }

    /// Whoever opens ends the final askings of those that wait for it.
    mutating func interruptFinalAskings(
        _ actions: [Action],
        underwayBefore underway: Set<DeploymentID>
    ) {
        for case .released(_, let release) in actions
        where !underway.contains(release.deploymentID) {
            guard let opened = gates[release.deploymentID] else { continue }
            for id in order where id != release.deploymentID {
                guard var gate = gates[id], gate.waits(for: opened), gate.asksFinally else {
                    continue
                }
                gate.takeWordsBack()
                gates[id] = gate
            }
        }
    }

    /// One after the other, until nothing follows from what another one has become.
    mutating func judge(at now: Instant) {
        var before: [DeploymentID: GateAccount] = [:]
        while before != gates {
            before = gates
            for id in order {
                let holders = holders(of: id)
                let isBeside = !holders.underway.isEmpty
                let isHeld = isBeside || !holders.asking.isEmpty
                gates[id]?.judge(settings, isHeld: isHeld, isBeside: isBeside, at: now)
            }
        }
    }
}
