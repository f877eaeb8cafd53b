// SPDX-License-Identifier: Apache-2.0

// What happens as time passes. At one instant, in this order: the deadline, budgets, other timers,
// last calls. Answers that arrived by then were handled before, as events of their own.

extension Update {
    mutating func timePassed(_ handling: inout Handling) {
        let now = handling.now
        if let opening {
            let end = earliest(unattendedUntil, opening.at + handling.settings.completionLimit)
            if let end, end <= now { return self.end(.unknown, &handling) }
        }
        guard isWaiting else { return }
        if deadline <= now {
            if unattendedUntil == nil { return reachDeadline(&handling) }
            blockedAtDeadline = blockedAtDeadline ?? blockingDeadline.first
            for name in blockers { cut(name, &handling) }
        }
        for name in names(where: { $0.budgetEnd.map { $0 <= now } ?? false }) {
            cut(name, &handling)
        }
        for name in names(where: { $0.awayEnd.map { $0 <= now } ?? false }) {
            follow(with(name, &handling) { $0.endAbsences(at: now) }, of: name, &handling)
        }
        let due = names { earliest($0.until, $0.returning?.until).map { $0 <= now } ?? false }
        for name in due { expire(name, &handling) }
        if let unattendedUntil, unattendedUntil <= now {
            return cancel(.coordinatorGone(id), &handling)
        }
        settle(&handling)
        if isWaiting { giveLastCalls(&handling) }
    }

    /// A state's time is over.
    private mutating func expire(_ name: ComponentName, _ handling: inout Handling) {
        let now = handling.now
        let grace = handling.settings.reconnectGrace
        if let end = participants[name]?.returning?.until, end <= now {
            follow(with(name, &handling) { $0.endReturn(at: now) }, of: name, &handling)
        }
        guard let end = participants[name]?.until, end <= now else { return }
        if participants[name]?.isExcused ?? false {
            return with(name, &handling) { $0.beExcused(at: now) }
        }
        switch participants[name]?.state {
        case .absent, .asked:
            follow(with(name, &handling) { $0.fallSilent(at: now) }, of: name, &handling)
        case .deferred where participants[name]?.subscribers.isEmpty == true:
            // Its connections were lost, and it has not reconnected yet.
            with(name, &handling) { $0.enter(.away, until: now + grace, at: now) }
        case .deferred where participants[name]?.owesOnlyAway == true:
            follow(with(name, &handling) { $0.endDeferrals(at: now) }, of: name, &handling)
        case .deferred: ask(name, streams: participants[name]?.unready, &handling)
        case .away:
            with(name, &handling) { participant in
                participant.forgetDeferrals()
                let isReady = participant.acknowledgedAt != nil
                participant.enter(isReady ? .acknowledged : .gone, at: now)
            }
        case .acknowledged, .silent, .gone, .overridden:
            // Only a file that is wrong says that these end by themselves.
            with(name, &handling) { $0.until = nil }
        case nil: break
        }
    }

    private mutating func giveLastCalls(_ handling: inout Handling) {
        let now = handling.now
        let end = deadline
        let due = names { $0.lastCallDue(deadline: end).map { $0 <= now } ?? false }
        for name in due {
            with(name, &handling) { $0.hadLastCall = true }
            lastCall(name, isFinal: false, &handling)
        }
        guard let deadlineLastCall, deadlineLastCall <= now else { return }
        self.deadlineLastCall = nil
        for name in participants.names {
            askVetoFinally(name, &handling)
            lastCall(name, isFinal: true, &handling)
        }
    }

    /// Response times and graces count awake time only. A deadline or budget that ended while the
    /// device slept ends a response time after waking.
    mutating func slept(_ asleep: Duration, _ handling: inout Handling) {
        unattendedUntil = unattendedUntil.map { $0 + asleep }
        makerReturnsUntil = makerReturnsUntil.map { $0 + asleep }
        guard isWaiting else { return }
        let now = handling.now
        let before = status(at: now)
        let newEnd = now + policy.responseTimeout
        let endedAsleep = { (end: Instant) in end > now - asleep && end <= now }
        if endedAsleep(deadline) {
            deadline = newEnd
            deadlineLastCall = now
        }
        withAll(&handling) { participant, _ in
            let isSpent = participant.budgetEnd.map(endedAsleep) ?? false
            participant.sleptThrough(asleep)
            if isSpent { participant.extendBudget(to: newEnd, at: now) }
        }
        if status(at: now) != before { handling.show(id) }
    }

    /// The broker died and is back. Its lost connections are no hang-ups: a component that was
    /// asked has the rest of its time, and at least the grace; a running deferral holds to its end,
    /// and an acknowledgement stands. Only a component that acts on a final notice is waited for,
    /// so that it can get one. Nothing changes for those whose connections outlived the broker.
    mutating func restarted(
        keeping peers: Set<PeerID>,
        _ subscriptions: SortedMap<[Subscription]>,
        _ handling: inout Handling
    ) {
        request.excused = []
        let lost = coordinators.filter { !peers.contains($0.stream.peer) }
        formerProcesses = formerProcesses.union(lost.map(\.process)).subtracting([0])
        coordinators = coordinators.filter { peers.contains($0.stream.peer) }
        coordinators.sort { $0.stream < $1.stream }
        let now = handling.now
        guard isWaiting else {
            let isLeft = coordinators.isEmpty && endsWithCoordinator
            unattendedUntil = isLeft ? now + handling.settings.applyGrace : nil
            let isAway = coordinators.isEmpty && !formerProcesses.isEmpty
            makerReturnsUntil = isAway ? now + handling.settings.reconnectGrace : nil
            return withAll(&handling) { $0.loseConnections(but: subscriptions[$1] ?? []) }
        }
        let before = status(at: now)
        let graceEnd = now + handling.settings.reconnectGrace
        withAll(&handling) { one, _ in one.survive(keeping: peers, until: graceEnd, at: now) }
        let subscribers = participants.entries.lazy.flatMap(\.subscribers)
        askedFinally.formIntersection(subscribers.map(\.stream))
        unattendedUntil = coordinators.isEmpty ? graceEnd : nil
        if status(at: now) != before { handling.show(id) }
    }
}

extension Participant {
    fileprivate mutating func sleptThrough(_ asleep: Duration) {
        question.answerBy = question.answerBy + asleep
        for place in awayProcesses.indices {
            awayProcesses[place].until = awayProcesses[place].until + asleep
        }
        if let end = returning?.until { returning?.until = end + asleep }
        switch state {
        case .absent, .asked, .away: until = until.map { $0 + asleep }
        case .deferred, .acknowledged, .silent, .gone, .overridden: break
        }
    }
}

extension Withdrawal {
    static func coordinatorGone(_ id: DeploymentID) -> Withdrawal {
        Withdrawal(deploymentID: id, by: "reprieved", reason: "its coordinator did not come back")
    }
}
