// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// The notices, and how they are answered.
extension ParticipationStateMachine {
    mutating func noticed(_ notice: PreUpdateEvent) {
        let id = notice.deploymentID
        guard hasRoom(for: id) else {
            // What is only remembered makes room for the next connection.
            for id in ids where updates[id]?.isIdle ?? false { end(id, .unknown) }
            act(.hangUp(.tooManyUpdates))
            return
        }
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

    func hasRoom(for id: String) -> Bool {
        updates[id] != nil || updates.count < Limits.updatesOfComponent
    }

    /// Answers an update as it stands, or has the component asked.
    mutating func decide(_ id: String) {
        guard let update = updates[id], update.outcome == nil else { return }
        guard !update.isReleased else { return concede(id) }
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

    /// The broker took no deferral. If it waits all the same, for an answer, it gets one when the
    /// last scope ends that does not wait for it itself, where no closure has a say.
    mutating func concede(_ id: String) {
        let isHeld = scopes.contains { !$0.isDraining && !$0.waitsFor.contains(id) }
        guard !isHeld, !hasAnswerer, let update = updates[id], update.stage == .undecided,
            update.isDue, update.isCurrent, !update.gaveFinal
        else { return }
        answer(id, .zero, nil)
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

    mutating func acknowledge(_ id: String) {
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

extension PreUpdateEvent {
    /// Until the update stops waiting, whatever is answered.
    fileprivate var timeLeft: Duration? { (respondByMs ?? deadlineInMs).map { .milliseconds($0) } }
}
