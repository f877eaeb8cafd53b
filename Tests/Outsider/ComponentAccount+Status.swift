// SPDX-License-Identifier: Apache-2.0

import Negotiation

// What an operator is shown of a component.

extension ComponentAccount {
    /// One of the page's states.
    var state: ParticipantState {
        if isCut { return .overridden }
        if isOut { return isGone ? .gone : .silent }
        if graceUntil != nil { return .away }
        if isReady { return .acknowledged }
        if !isOpen { return .deferred }
        return isPlaceholder ? .absent : .asked
    }

    /// When the state ends: by its timer, the budget or the deadline.
    func stateEnd(before deadline: Instant, at now: Instant) -> Instant? {
        let timer: Instant? =
            switch state {
            case .absent, .asked: answerBy
            case .away: graceUntil
            // A veto that has lifted its deferral, and is not there, blocks to the deadline.
            case .deferred: ends.max() ?? (isVeto ? deadline : nil)
            // The deadline ends what a veto blocks.
            case .silent, .gone: isVeto ? deadline : nil
            case .acknowledged, .overridden: nil
            }
        return timer.map { min($0, now + budgetLeft, deadline) }
    }

    var budgetLeft: Duration { max(.zero, budget - used) }

    /// What is shown as left: of the budget, or for who has none of the time to the deadline.
    func left(before deadline: Instant, at now: Instant) -> Duration {
        budget < .unlimited ? budgetLeft : min(budgetLeft, max(.zero, deadline - now))
    }

    /// The same after the longest running deferral. One that was cut is none.
    func leftAfterDeferrals(before deadline: Instant, at now: Instant) -> Duration {
        let longest = isCut ? .zero : ends.map { $0 - now }.max() ?? .zero
        return max(.zero, left(before: deadline, at: now) - max(.zero, longest))
    }

    /// How long an answer is waited for, but for budget and deadline: the time left of the
    /// question, none where it is silent; else as long as for a new question.
    func timeToAnswer(_ timeout: Duration, at now: Instant) -> Duration {
        isOpen ? max(.zero, answerBy - now) : timeout
    }
}
