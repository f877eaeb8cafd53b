// SPDX-License-Identifier: Apache-2.0

import Negotiation

// What each event means for a gate.

extension GateAccount {
    mutating func account(for time: Duration) {
        guard isShut else { return }
        for (name, account) in accounts where account.blocks { accounts[name]?.used += time }
    }

    /// `subscriptions` are those after the event.
    mutating func hear(
        _ event: Event,
        _ subscriptions: [Subscription],
        _ settings: Settings,
        at now: Instant
    ) {
        readmitted = []
        guard isShut else { return hearReleased(event, settings, at: now) }
        let graceEnd = now + settings.reconnectGrace
        canBeLate = event == .timePassed
        let before = accounts
        defer {
            hearSilence(of: before, settings, at: now)
            forgetExpected()
        }
        switch event {
        case .subscribed(let one): arrive(one, at: now)
        case .unsubscribed(let stream, let name): leave(name, until: graceEnd) { $0 == stream }
        case .hungUp(let peer, let name):
            accounts[name]?.close(peer)
            leave(name, until: graceEnd) { $0.peer == peer }
            abandon(subscriptions, until: graceEnd, at: now) { $0.peer == peer }
        case .lost(let peer, let name): lose(name, peer, until: graceEnd, at: now)
        case .coordinatorLeft(let stream):
            abandon(subscriptions, until: graceEnd, at: now) { $0 == stream }
        case .announced(let other, let coordinator, let process) where isRepeated(by: other):
            attend(coordinator, process, subscriptions, at: now)
        case .cancelled(request.deploymentID, _, _, _): overAt = now
        case .forced(request.deploymentID, _, _, _): isForced = true
        case .timePassed: passTime(settings, at: now)
        case .slept(let asleep): suspend(asleep, at: now)
        case .restarted: restart(graceEnd)
        default: break
        }
    }

    private mutating func hearReleased(_ event: Event, _ settings: Settings, at now: Instant) {
        if overAt == nil, let openUntil, event == .timePassed, openUntil <= now { overAt = now }
        if case .completed(request.deploymentID, _, _, _) = event { overAt = now }
    }

    private mutating func passTime(_ settings: Settings, at now: Instant) {
        if deadline <= now {
            if unattendedUntil == nil { return }
            blockedAtDeadline = refuser
            cutBlockers(at: now)
        }
        let before = accounts
        for (name, account) in accounts {
            if account.blocks {
                accounts[name]?.passTime(settings.reconnectGrace, at: now)
            } else {
                accounts[name]?.endAway(at: now)
            }
        }
        hearSilence(of: before, settings, at: now)
        if callAt <= now { isEnding = true }
        if let unattendedUntil, unattendedUntil <= now { overAt = now }
    }

    /// Who does not block, or is whole, awaits no process any more.
    mutating func forgetExpected() {
        for (name, account) in accounts where !account.isExpecting { accounts[name]?.expected = 0 }
    }

    mutating func cutBlockers(at now: Instant) {
        for (name, account) in accounts where account.blocks {
            accounts[name]?.cut(at: min(now, deadline))
        }
    }

    private mutating func suspend(_ asleep: Duration, at now: Instant) {
        let hasEndedAsleep = { (end: Instant) in end > now - asleep && end <= now }
        unattendedUntil = unattendedUntil.map { $0 + asleep }
        let newEnd = now + policy.responseTimeout
        if hasEndedAsleep(deadline) { (deadline, callAt, isEnding) = (newEnd, now, false) }
        for (name, account) in accounts {
            accounts[name]?.answerBy = account.answerBy + asleep
            accounts[name]?.graceUntil = account.graceUntil.map { $0 + asleep }
            accounts[name]?.away = account.away.mapValues {
                Away(until: $0.until + asleep, confirms: $0.confirms)
            }
            accounts[name]?.expectedUntil = account.expectedUntil.map { $0 + asleep }
            if account.blocks, hasEndedAsleep(now - (account.used - account.budget)) {
                accounts[name]?.budget = account.used + (newEnd - now)
            }
        }
    }

    /// With its last subscription a component keeps what it keeps when the broker dies.
    private mutating func lose(
        _ name: ComponentName,
        _ peer: PeerID,
        until graceEnd: Instant,
        at now: Instant
    ) {
        guard let all = accounts[name]?.subscriptions.keys else { return }
        if !all.isEmpty, all.allSatisfy({ $0.peer == peer }) {
            accounts[name]?.loseConnections(until: graceEnd, isDeath: false)
        } else {
            accounts[name]?.loseOne(peer, until: graceEnd, at: now)
        }
    }

    private mutating func restart(_ graceEnd: Instant) {
        for name in accounts.keys {
            accounts[name]?.loseConnections(until: graceEnd, isDeath: true)
        }
        former.formUnion(coordinators.values)
        coordinators = [:]
        request.excused = []
        unattendedUntil = graceEnd
    }
}
