// SPDX-License-Identifier: Apache-2.0

// The time for which a component has blocked, and may still block.

extension Participant {
    package func blocked(at now: Instant) -> Duration {
        guard let blockedFrom else { return blockedBefore }
        return min(blockedBefore + (now - blockedFrom), budget)
    }

    /// Only the deadline limits how long a veto blocks.
    var hasBudget: Bool { budget < .unlimited }

    package func budgetLeft(at now: Instant) -> Duration {
        budget - blocked(at: now)
    }

    /// When the running deferral ends, so much is left of the budget, or for a veto until the
    /// deadline. Mutating, so that a participant is read where it stands: it is large to copy.
    mutating func remaining(deadlineIn left: Duration, at now: Instant) -> Duration {
        let running = deferralEnd(at: now).map { $0 - now } ?? .zero
        return max(.zero, (hasBudget ? budgetLeft(at: now) : left) - running)
    }

    /// When the budget ends if the component goes on blocking; nil while it does not block.
    var budgetEnd: Instant? {
        guard let blockedFrom else { return nil }
        return blockedFrom + (budget - blockedBefore)
    }

    /// When the state ends by itself; nil where it does not. Budget and deadline end it, too.
    package func stateEnd(before deadline: Instant) -> Instant? {
        earliest(until, budgetEnd).map { min($0, deadline) }
    }

    /// The same participant with a smaller budget, where another name's rule says so.
    func limited(to budget: Duration) -> Participant {
        var participant = self
        participant.budget = min(budget, self.budget)
        participant.lastCallLead = min(lastCallLead, participant.budget / 2)
        return participant
    }

    /// A budget that ended while the device slept ends a response time after waking instead.
    mutating func extendBudget(to end: Instant, at now: Instant) {
        guard let budgetEnd else { return }
        budget += end - budgetEnd
        lastCallLead = end - now
        hadLastCall = false
    }

    /// When the last call of its budget is due. There is none without a subscription, and none
    /// where the deadline comes first.
    func lastCallDue(deadline: Instant) -> Instant? {
        guard !hadLastCall, state == .asked || state == .deferred, !subscribers.isEmpty,
            let budgetEnd, budgetEnd < deadline, let blockedFrom
        else { return nil }
        return max(blockedFrom, budgetEnd - lastCallLead)
    }

    /// The next instant at which something happens to this participant by itself.
    func nextDeadline(before deadline: Instant) -> Instant? {
        let next = earliest(earliest(until, budgetEnd), lastCallDue(deadline: deadline))
        return earliest(next, earliest(returning?.until, awayEnd))
    }
}
