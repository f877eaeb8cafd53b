// SPDX-License-Identifier: Apache-2.0

import Negotiation

// What a notice has to say.

extension GateAccount {
    /// Hears notices, and says what is wrong with them.
    mutating func hearNotices(
        _ event: Event,
        _ actions: [Action],
        _ subscriptions: [StreamID: Subscription],
        at now: Instant
    ) -> [String] {
        var (told, called): (Set<ComponentName>, Set<ComponentName>) = ([], [])
        var askedFinally: Set<ComponentName> = []
        var objections: [String] = []
        let before = self
        for case .notify(let stream, let notice) in actions
        where notice.deploymentID == request.deploymentID {
            guard let name = subscriptions[stream]?.component else { continue }
            let isFirst = event == .timePassed || accounts[name]?.finalRound == nil
            let isForces = isForced && unattendedUntil == nil
            let isDeadlines = notice.lastCall && notice.final && !isForces && isFirst
            if isDeadlines, accounts[name]?.isVeto ?? false, called.insert(name).inserted {
                accounts[name]?.hearLastCall()
            }
            if !notice.lastCall {
                let isSecond = !told.insert(name).inserted || isSecond(name, event, at: now)
                let timeout = policy.responseTimeout
                let wasReady = accounts[name]?.isReady ?? false
                accounts[name]?.hear(notice, stream, timeout, isSecond: isSecond, at: now)
                // Shortly before the deadline each question to a veto is final.
                let isVeto = accounts[name]?.isVeto ?? false
                let isOver = notice.deadlineIn <= .zero
                let isLate = isEnding && (isOver || isVeto && (!wasReady || event.isArrival))
                if notice.final, !isLate { accounts[name]?.isAskedFinally = true }
                if notice.final { askedFinally.insert(name) }
            }
            objections += self.objections(to: notice, for: name, at: now)
        }
        return objections + objectToHaste(askedFinally, since: before)
    }

    /// Whether a question in this event is that of a second subscription: it has just come, or it
    /// follows a silent component's word that it could.
    private func isSecond(_ name: ComponentName, _ event: Event, at now: Instant) -> Bool {
        switch event {
        case .subscribed(let one):
            one.component == name && hasAnother(name, at: now)
        case .answered(let answer):
            answer.component == name && answer.deploymentID == request.deploymentID
                && answer.deferral == .zero
                && accounts[name].map { $0.isReady || $0.isOut } ?? false
                && !(isEnding && accounts[name]?.isVeto ?? false)
        default: readmitted.contains(name) && hasAnother(name, at: now)
        }
    }

    /// It has more than one subscription, or is told in a deferral, which is not over.
    private func hasAnother(_ name: ComponentName, at now: Instant) -> Bool {
        guard let account = accounts[name] else { return false }
        return account.subscriptions.count > 1 || account.round > 0 && account.holds(at: now)
    }

    /// What is wrong with a notice, once it has been heard.
    func objections(
        to notice: Notice,
        for name: ComponentName,
        at now: Instant
    ) -> [String] {
        guard let account = accounts[name] else { return ["a notice for no participant"] }
        let left = max(.zero, deadline - now)
        // Force waits for none. With no coordinator it takes effect later.
        let isForced = isForced && unattendedUntil == nil && notice.lastCall
        let time = isForced ? .zero : account.timeToAnswer(policy.responseTimeout, at: now)
        let respondBy = min(time, account.budgetLeft, left)
        let maxDefer = min(maxDefer(of: name), account.budgetLeft, left)
        return
            (notice.round == account.round
            ? [] : ["\(name) was told round \(notice.round), not \(account.round)"])
            + (notice.respondBy == respondBy
                ? [] : ["\(name) was told to answer within \(notice.respondBy), not \(respondBy)"])
            + (notice.maxDefer == maxDefer && notice.deadlineIn == left
                ? [] : ["\(name) was told of another deferral or deadline than there is"])
    }
}

extension Event {
    fileprivate var isArrival: Bool { if case .subscribed = self { true } else { false } }
}
