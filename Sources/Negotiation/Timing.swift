// SPDX-License-Identifier: Apache-2.0

// What time alone brings about. At one instant, in this order: the deadline, budgets, other
// timers, last calls. (Answers that had arrived came before, as events of their own.)

extension Update {
    mutating func timePassed(_ turn: inout Turn) {
        let now = turn.now
        if case .released(let release) = phase, release.at + turn.settings.completionLimit <= now {
            return end(.unknown, &turn)
        }
        guard isWaiting else { return }
        if unattendedUntil == nil, deadline <= now { return reachDeadline(&turn) }
        for name in names(where: { $0.budgetEnd.map { $0 <= now } ?? false }) { cut(name, &turn) }
        for name in names(where: { $0.until.map { $0 <= now } ?? false }) { expire(name, &turn) }
        if let unattendedUntil, unattendedUntil <= now {
            return cancel(.coordinatorGone(id), &turn)
        }
        settle(&turn)
        if isWaiting { giveLastCalls(&turn) }
    }

    /// A state's time is over.
    private mutating func expire(_ name: ComponentName, _ turn: inout Turn) {
        let now = turn.now
        let grace = turn.settings.reconnectGrace
        if participants[name]?.isExcused ?? false {
            return with(name, &turn) { $0.beExcused(at: now) }
        }
        switch participants[name]?.state {
        case .absent, .asked: with(name, &turn) { $0.enter(.silent, at: now) }
        case .deferred where participants[name]?.seats.isEmpty == true:
            // Only after a death of ours: nobody has come back yet to be asked.
            with(name, &turn) { $0.enter(.away, until: now + grace, at: now) }
        case .deferred: ask(name, &turn)
        case .away:
            with(name, &turn) { participant in
                participant.forgetWords()
                let isReady = participant.acknowledgedAt != nil
                participant.enter(isReady ? .acknowledged : .gone, at: now)
            }
        case .acknowledged, .silent, .gone, .overridden, nil: break
        }
    }

    private mutating func giveLastCalls(_ turn: inout Turn) {
        let now = turn.now
        let end = deadline
        let due = names { $0.lastCallDue(deadline: end).map { $0 <= now } ?? false }
        for name in due {
            with(name, &turn) { $0.hadLastCall = true }
            lastCall(name, isFinal: false, &turn)
        }
        guard let deadlineLastCall, deadlineLastCall <= now else { return }
        self.deadlineLastCall = nil
        turn.changes.note(.update(id))
        for name in participants.names { lastCall(name, isFinal: true, &turn) }
    }

    /// Response times and graces count awake time only; a deadline or budget that ended asleep
    /// ends a response time after waking.
    mutating func slept(_ asleep: Duration, _ turn: inout Turn) {
        guard isWaiting else { return }
        let now = turn.now
        let newEnd = now + policy.responseTimeout
        let endedAsleep = { (end: Instant) in end > now - asleep && end <= now }
        all(&turn) { update in
            update.unattendedUntil = update.unattendedUntil.map { $0 + asleep }
            if endedAsleep(update.deadline) {
                update.deadline = newEnd
                update.deadlineLastCall = now
            }
            for place in update.participants.places {
                let isSpent = update.participants.entries[place].budgetEnd.map(endedAsleep) ?? false
                update.participants[at: place].sleptThrough(asleep)
                if isSpent { update.participants[at: place].extendBudget(to: newEnd, at: now) }
            }
        }
        turn.changes.note(allOf: self)
    }

    /// The broker died and is back. Nobody hung up: who was asked has the rest of its time, and at
    /// least the grace; a running deferral holds to its end, and an acknowledgement stands. Only
    /// whoever acts on a final notice is waited for, so that it can get one.
    mutating func restarted(_ turn: inout Turn) {
        turn.changes.note(allOf: self)
        request.excused = []
        guard isWaiting else {
            for place in participants.places { participants[at: place].loseConnections() }
            return
        }
        let now = turn.now
        let graceEnd = now + turn.settings.reconnectGrace
        all(&turn) { update in
            for place in update.participants.places {
                update.participants[at: place].survive(until: graceEnd, at: now)
            }
        }
        askedFinally = []
        coordinators = []
        unattendedUntil = graceEnd
    }
}

extension Participant {
    fileprivate mutating func sleptThrough(_ asleep: Duration) {
        question.answerBy = question.answerBy + asleep
        switch state {
        case .absent, .asked, .away: until = until.map { $0 + asleep }
        case .deferred, .acknowledged, .silent, .gone, .overridden: break
        }
    }

    fileprivate mutating func survive(until graceEnd: Instant, at now: Instant) {
        let owesFinalWord = isConfirm && !hasFinalWord
        loseConnections()
        switch state {
        case .absent, .asked, .away:
            until = until.map { max($0, graceEnd) }
            if state == .asked { question.answerBy = max(question.answerBy, graceEnd) }
        case .acknowledged: if owesFinalWord { enter(.away, until: graceEnd, at: now) }
        case .deferred, .silent, .gone, .overridden: break
        }
    }

    fileprivate mutating func loseConnections() {
        seats = []
        orphanAllWords()
    }
}

extension Withdrawal {
    static func coordinatorGone(_ id: DeploymentID) -> Withdrawal {
        Withdrawal(deploymentID: id, by: "reprieved", reason: "its coordinator did not come back")
    }
}
