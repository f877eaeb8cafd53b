// SPDX-License-Identifier: Apache-2.0

/// The deadlines of the state machine.
extension ParticipationStateMachine {
    /// When `timePassed` is due; nil without a deadline.
    var nextDeadline: Moment? {
        var deadlines: [Moment] = []
        for update in updates.values {
            deadlines.append(update.forgetAt)
            if let deadline = update.deadline { deadlines.append(deadline) }
        }
        if let settlesAt, !hasSpoken { deadlines.append(settlesAt) }
        if let nextScopeStart { deadlines.append(nextScopeStart) }
        return deadlines.min()
    }

    mutating func timePassed() {
        for id in ids {
            guard let update = updates[id] else { continue }
            if update.forgetAt <= now {
                end(id, .unknown)
                updates[id]?.forgetAt = now + ParticipationLimits.update
            } else if let deadline = update.deadline, deadline <= now {
                isDueNow(id, update)
            }
        }
        if let nextScopeStart, nextScopeStart <= now { endWaitForBroker() }
        if !hasSpoken, let settlesAt, settlesAt <= now {
            hasSpoken = true
            for id in ids where isUntouched(id) { decide(id) }
        }
    }

    private mutating func isDueNow(_ id: String, _ update: PendingUpdate) {
        switch update.stage {
        case .asking(let question, let notice, _):
            updates[id]?.stage = .asking(question, notice, coverAt: nil)
            guard update.outcome == nil else { return }
            answer(id, ParticipationLimits.onItsBehalf, why ?? "still deciding")
        case .prepared(let question, _) where update.isReleased:
            updates[id]?.stage = .prepared(question, until: nil)
        case .prepared(let question, _): resume(id, question, .postponed)
        case .undecided, .resuming: break
        }
    }

    /// The notice was not answered, and the closure was not asked.
    private func isUntouched(_ id: String) -> Bool {
        updates[id]?.stage == .undecided && updates[id]?.isAnswered == false
    }
}
