// SPDX-License-Identifier: Apache-2.0

import Negotiation

// What components and coordinators are to be answered.

extension GateAccount {
    /// Takes an answer, and says what is wrong with the reply to it.
    mutating func hearAnswer(
        _ event: Event,
        _ actions: [Action],
        _ settings: Settings,
        at now: Instant
    ) -> [String] {
        guard case .answered(let answer) = event, answer.deploymentID == request.deploymentID else {
            return []
        }
        let refusal = refusal(of: answer, at: now)
        let granted = grant(to: answer, settings, at: now)
        let before = accounts
        if isShut, refusal == nil { take(answer, granted: granted, settings, at: now) }
        if isShut { hearSilence(of: before, settings, at: now) }
        forgetExpected()
        let remaining = accounts[answer.component]?
            .leftAfterDeferrals(before: deadline, at: now)
        let isRight = actions.contains { action in
            switch action {
            case .granted(answer.request, let grant):
                refusal == nil && grant.granted == granted && grant.remaining == remaining
            case .failed(answer.request, let other): refusal == other
            default: false
            }
        }
        let expected = refusal.map { "\($0)" } ?? "\(granted), \(remaining ?? .zero) left"
        return isRight ? [] : ["\(answer.component) was to be answered \(expected)"]
    }

    /// What is wrong with the response to a coordinator.
    func objectToAttachment(_ actions: [Action]) -> [String] {
        let present = accounts.filter { !$0.value.isPlaceholder }.keys
        let wanted = policy.notification == .notify ? request.components ?? [] : []
        let unmatched = Set(wanted.filter { name in !present.contains { $0.answers(to: name) } })
        return actions.flatMap { action -> [String] in
            guard case .attached(_, let attachment) = action,
                attachment.deploymentID == request.deploymentID
            else { return [] }
            let isWhole = attachment.participants == accounts.keys.sorted()
            return (isWhole ? [] : ["a coordinator was told of other participants"])
                + (Set(attachment.unmatched) == unmatched
                    ? [] : ["a coordinator was told of other names that none has"])
        }
    }

    /// Why an answer is an error; nil if it is none.
    func refusal(of answer: Answer, at now: Instant) -> Refusal? {
        let (name, id) = (answer.component, answer.deploymentID)
        guard let account = accounts[name], answer.deferral >= .zero else {
            return .notAsked(name, id)
        }
        let isThere = account.state != .absent && account.state != .gone
        if isShut, !isThere { return .notAsked(name, id) }
        return answer.deferral == .zero ? nil : refusal(ofDeferralBy: name, at: now)
    }

    /// Why a deferral by the component would be refused now; nil if it would be granted.
    func refusal(ofDeferralBy name: ComponentName, at now: Instant) -> Refusal? {
        let id = request.deploymentID
        let least = Duration.milliseconds(1)
        if !isShut { return .alreadyReleased(id) }
        if deadline - now < least { return .deadlinePassed(id) }
        if maxDefer(of: name) < least { return .deferralsForbidden(name, id) }
        return budgetLeft(of: name) < least ? .budgetSpent(name, id) : nil
    }

    /// What the component may still be granted, also if it is no participant yet.
    private func budgetLeft(of name: ComponentName) -> Duration {
        if let account = accounts[name] { return account.isCut ? .zero : account.budgetLeft }
        let awaited = accounts.first { $0.value.isPlaceholder && name.meets($0.key, rules) }
        guard let awaited else { return max(.zero, budget(of: name) - blockedByUnit(of: name)) }
        let less = lesserBudget(of: name, than: awaited.key) ?? awaited.value.budget
        return max(.zero, min(less, awaited.value.budget) - awaited.value.used)
    }

    /// What a deferral is granted.
    func grant(to answer: Answer, _ settings: Settings, at now: Instant) -> Duration {
        guard answer.deferral > .zero, let account = accounts[answer.component] else {
            return .zero
        }
        let hold = hold(of: answer.component, settings)
        let asked = max(answer.deferral, settings.minimumDeferral, hold)
        let most = min(maxDefer(of: answer.component), account.budgetLeft, deadline - now)
        return .milliseconds(min(asked, most).wholeMilliseconds)
    }
}
