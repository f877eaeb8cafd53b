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
        var objections: [String] = []
        for case .notify(let stream, let notice) in actions
        where notice.deploymentID == request.deploymentID {
            guard let name = subscriptions[stream]?.component else { continue }
            let isFirst = event == .timePassed || accounts[name]?.finalRound == nil
            let isDeadlines = notice.lastCall && notice.final && !isForced && isFirst
            if isDeadlines, accounts[name]?.isVeto ?? false, called.insert(name).inserted {
                accounts[name]?.hearLastCall()
            }
            if !notice.lastCall {
                let isSecond = !told.insert(name).inserted || isSecond(name, event)
                let timeout = policy.responseTimeout
                let wasReady = accounts[name]?.isReady ?? false
                accounts[name]?.hear(notice, stream, timeout, isSecond: isSecond, at: now)
                // Shortly before the deadline each question to a veto is final.
                let isLate = isEnding && (accounts[name]?.isVeto ?? false) && !wasReady
                if notice.final, !isLate { accounts[name]?.isAskedFinally = true }
            }
            objections += self.objections(to: notice, for: name, at: now)
        }
        return objections
    }

    /// Whether a question in this event is that of a second subscription: it has just come, or it
    /// follows a silent component's word that it could.
    private func isSecond(_ name: ComponentName, _ event: Event) -> Bool {
        switch event {
        case .subscribed(let one):
            one.component == name && accounts[name].map { $0.subscriptions.count > 1 } ?? false
        case .answered(let answer):
            answer.component == name && answer.deferral == .zero
                && accounts[name].map { $0.isReady || $0.isOut } ?? false
                && !(isEnding && accounts[name]?.isVeto ?? false)
        default: false
        }
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
