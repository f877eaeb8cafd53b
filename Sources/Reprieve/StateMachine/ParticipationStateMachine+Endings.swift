// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// The end of updates, and the follow-ups of acknowledgements.
extension ParticipationStateMachine {
    /// Has the component resume: the update is over, or another component holds it back.
    mutating func resume(_ id: String, _ question: QuestionID, _ outcome: Outcome) {
        updates[id]?.stage = .resuming(question)
        updates[id]?.gaveFinal = false
        act(.followUp(question, outcome))
    }

    mutating func followedUp(_ question: QuestionID) {
        guard let (id, update) = updates.first(where: { $0.value.stage == .resuming(question) })
        else { return }
        guard update.outcome == nil else {
            updates[id] = nil
            return
        }
        updates[id]?.stage = .undecided
        if update.isDue, why == nil || !update.isAnswered { decide(id) }
    }

    mutating func ended(_ post: PostUpdateEvent) {
        let ended = EndedUpdate(post)
        if !latelyEnded.contains(ended) {
            latelyEnded = (latelyEnded + [ended]).suffix(ParticipationLimits.endedUpdates)
            act(.publish(ended))
        }
        end(ended.deploymentID, ended.outcome)
    }

    mutating func end(_ id: String, _ outcome: Outcome) {
        updates[id]?.endsAt = nil
        for index in scopes.indices { scopes[index].warnedOf.remove(id) }
        switch updates[id]?.stage {
        case .undecided?: updates[id] = nil
        case .prepared(let question, _)?:
            updates[id]?.outcome = outcome
            resume(id, question, outcome)
        case .asking?, .resuming?: updates[id]?.outcome = outcome
        case nil: break
        }
        releaseScopes(thatWaitFor: id)
    }
}
