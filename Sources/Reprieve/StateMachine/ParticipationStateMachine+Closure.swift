// SPDX-License-Identifier: Apache-2.0

/// The component's closure: whether there is one, its questions and its decisions.
extension ParticipationStateMachine {
    mutating func answererCame() {
        (hasAnswerer, hasSpoken) = (true, true)
        for id in ids {
            if updates[id]?.isAbandoned ?? false { updates[id]?.giveUpQuestion() }
            if updates[id]?.stage == .undecided { decide(id) }
        }
    }

    /// A question at which the closure still works is kept until the next notice or closure.
    mutating func answererLeft() {
        hasAnswerer = false
        for id in ids where updates[id]?.isAsking ?? false { updates[id]?.isAbandoned = true }
    }

    mutating func notAsked(_ question: QuestionID) {
        guard let (id, update, _) = asked(question) else { return }
        updates[id]?.giveUpQuestion()
        if update.outcome == nil { decide(id) } else { updates[id] = nil }
    }

    mutating func decided(_ question: QuestionID, _ decision: Decision) {
        guard let (id, update, notice) = asked(question) else {
            // The question was given up. A component that got ready for it resumes.
            if decision == .ready { act(.followUp(question, .postponed)) }
            return
        }
        updates[id]?.isAbandoned = false
        if let outcome = update.outcome {
            if decision == .ready { return resume(id, question, outcome) }
            updates[id] = nil
            return
        }
        updates[id]?.stage = .undecided
        switch decision {
        case .defer(let time, let reason):
            if why == nil { answer(id, time, reason) } else { decide(id) }
        case .could where why != nil: decide(id)
        case .could where update.notice.isFinal && !notice.isFinal: decide(id)
        case .could where update.canBeAnswered: acknowledge(id)
        case .could, .ready:
            // If no answer can be sent now, it is sent to the next notice.
            updates[id]?.stage = .prepared(question, until: nil)
            decide(id)
        }
    }

    private func asked(
        _ question: QuestionID
    ) -> (id: String, update: PendingUpdate, notice: Notice)? {
        for (id, update) in updates {
            if case .asking(question, let notice, _) = update.stage { return (id, update, notice) }
        }
        return nil
    }
}
