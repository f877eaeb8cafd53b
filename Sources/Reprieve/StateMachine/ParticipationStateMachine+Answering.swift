// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// The answers to notices, and the closure that decides on them.
extension ParticipationStateMachine {
    mutating func noticed(_ notice: PreUpdateEvent) {
        let id = notice.deploymentID
        latelyEnded.removeAll { $0.deploymentID == id }
        var update = updates[id] ?? PendingUpdate(notice, at: now)
        (update.notice, update.noticedAt) = (notice, now)
        update.forgetAt = now + ParticipationLimits.update
        (update.isCurrent, update.isAnswered, update.isDue) = (true, false, true)
        (update.outcome, update.isReleased) = (nil, false)
        if update.isAbandoned { update.giveUpQuestion() }
        if notice.lastCall, let left = notice.timeLeft { update.endsAt = now + left }
        updates[id] = update
        warn(id)
        decide(id)
    }

    /// Answers an update as it stands, or has the component asked.
    mutating func decide(_ id: String) {
        guard let update = updates[id], update.isOpen else { return }
        guard isSubscribed else {
            updates[id]?.isDue = true
            return
        }
        if let why {
            answer(id, ParticipationLimits.onItsBehalf, why)
            return
        }
        switch update.stage {
        case .undecided: decideAfresh(id)
        case .asking(let question, let notice, _):
            let due = coverAt(update)
            updates[id]?.stage = .asking(question, notice, coverAt: due)
        case .prepared(let question, _) where update.gaveFinal && !update.notice.isFinal:
            // Another component deferred in the final asking.
            resume(id, question, .postponed)
        case .prepared: acknowledge(id)
        case .resuming: break
        }
    }

    private mutating func decideAfresh(_ id: String) {
        if hasAnswerer {
            ask(id)
        } else if hasSpoken || now >= settlesAt ?? now {
            acknowledge(id)
        }
    }

    private mutating func ask(_ id: String) {
        guard let update = updates[id] else { return }
        let question = QuestionID(number: nextNumber())
        let (notice, due) = (Notice(update.notice), coverAt(update))
        updates[id]?.stage = .asking(question, notice, coverAt: due)
        act(.ask(question, notice))
    }

    /// When a closure that still runs needs a deferral, so that the broker does not take the
    /// component for silent. As late as is safe, since a deferral ends a final asking.
    private func coverAt(_ update: PendingUpdate) -> Moment? {
        guard !update.isAnswered else { return nil }
        let time = update.notice.respondByMs.map { Duration.milliseconds($0) }
        return update.noticedAt + (time ?? ParticipationLimits.response) * 3 / 4
    }

    private mutating func acknowledge(_ id: String) {
        answer(id, .zero, nil)
        guard case .prepared(let question, _)? = updates[id]?.stage, let update = updates[id],
            update.isAnswered
        else { return }
        let waits = !update.notice.isFinal
        let until = waits ? now + ParticipationLimits.readiness : nil
        updates[id]?.stage = .prepared(question, until: until)
    }

    mutating func reconsider() {
        for id in ids where updates[id]?.stage == .undecided && updates[id]?.gaveFinal == false {
            decide(id)
        }
    }
}

// MARK: - The closure

extension ParticipationStateMachine {
    mutating func answererCame() {
        (hasAnswerer, hasSpoken) = (true, true)
        for id in ids {
            if updates[id]?.isAbandoned ?? false { updates[id]?.giveUpQuestion() }
            if updates[id]?.stage == .undecided { decide(id) }
        }
    }

    /// Questions that the closure still works at are kept until the next notice, or the next closure.
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

// MARK: - The end

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

extension PendingUpdate {
    /// Nothing is expected of the closure any more that was asked.
    fileprivate mutating func giveUpQuestion() {
        if isAsking { stage = .undecided }
        isAbandoned = false
    }
}

extension PreUpdateEvent {
    /// Until the update goes ahead, whatever is answered.
    fileprivate var timeLeft: Duration? { (respondByMs ?? deadlineInMs).map { .milliseconds($0) } }
}
