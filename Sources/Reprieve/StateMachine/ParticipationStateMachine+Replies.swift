// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// The answers that leave for the broker, and its replies to them.
extension ParticipationStateMachine {
    /// Answers the latest notice of an update. Nil if no answer can be sent now; then it stays due.
    @discardableResult
    mutating func answer(_ id: String, _ time: Duration, _ why: String?) -> AnswerID? {
        guard let update = updates[id] else { return nil }
        guard isSubscribed, update.canBeAnswered, !update.isReleased || time == .zero else {
            updates[id]?.isDue = true
            return nil
        }
        let answer = AnswerID(number: nextNumber())
        answers[answer] = SentAnswer(
            deploymentID: id,
            deferral: time,
            wasCurrent: update.isCurrent
        )
        updates[id]?.isAnswered = true
        updates[id]?.latest = answer
        // A deferral for a scope or a slow closure ends with it.
        let isOnItsBehalf = self.why != nil || update.isAsking
        updates[id]?.isDue = isOnItsBehalf
        if time == .zero { updates[id]?.gaveFinal = update.notice.isFinal }
        let request = DeferRequest(
            deploymentID: id,
            recheckAfterMs: time.milliseconds,
            message: why,
            round: update.notice.round
        )
        act(.send(answer, request))
        return answer
    }

    mutating func replied(_ answer: AnswerID, _ reply: BrokerReply) {
        guard let sent = answers.removeValue(forKey: answer) else { return }
        let id = sent.deploymentID
        let update = updates[id].flatMap { $0.outcome == nil ? $0 : nil }
        switch reply {
        case .taken(let response):
            settle(answer, id, refusal: nil)
            if sent.deferral > .zero, update?.latest == answer { deferred(id, sent, response) }
        case .refused(let reason):
            refused(answer, sent, update, reason)
        case .lost:
            updates[id]?.isDue = true
            updates[id]?.isAnswered = false
            let mayBeReleased = update?.gaveFinal ?? false
            settle(answer, id, refusal: mayBeReleased ? Refusal(reason: nil) : nil)
        }
    }

    private mutating func deferred(_ id: String, _ sent: SentAnswer, _ response: DeferResponse) {
        guard let update = updates[id], update.outcome == nil else { return }
        if case .prepared(let question, _) = update.stage { resume(id, question, .postponed) }
        updates[id]?.gaveFinal = false
        releaseScopes(thatWaitFor: id)
        let granted = response.grantedMs.map { Duration.milliseconds($0) } ?? sent.deferral
        guard response.remainingMs == 0, granted < sent.deferral else { return }
        updates[id]?.endsAt = now + granted
        warn(id)
    }

    private mutating func refused(
        _ answer: AnswerID,
        _ sent: SentAnswer,
        _ update: PendingUpdate?,
        _ reason: String
    ) {
        let mayBeReleased = update.map { sent.wasCurrent || $0.gaveFinal } ?? false
        let isUnderway = sent.deferral > .zero && mayBeReleased
        if isUnderway { updates[sent.deploymentID]?.isReleased = true }
        let isForScope = scopes.contains { $0.pending.contains(answer) }
        if !isForScope { hadNoEffect(sent, reason) }
        settle(answer, sent.deploymentID, refusal: isUnderway ? Refusal(reason: reason) : nil)
        if isUnderway { concede(sent.deploymentID) }
    }

    private mutating func hadNoEffect(_ sent: SentAnswer, _ reason: String) {
        let id = sent.deploymentID
        guard sent.wasCurrent else {
            // The broker of another connection does not know this update any more.
            if updates[id]?.stage == .undecided, updates[id]?.isCurrent == false {
                updates[id] = nil
            }
            return
        }
        guard updates[id]?.isReleased != true || sent.deferral > .zero else { return }
        let text = printable(reason)
        act(.log("the answer to the update \(printable(id)) has no effect: \(text)"))
    }
}

// MARK: - The subscription

extension ParticipationStateMachine {
    mutating func subscribed(_ underway: [String]) {
        isSubscribed = true
        awaitsNotices = scopes.contains(where: \.isDraining)
        // The post of an update of which there was no notice is lost with its connection.
        if !SubscribeResponse.mayBeCut(underway) {
            for id in ids where updates[id]?.isUnderwayUntilSaid ?? false && !underway.contains(id)
            {
                end(id, .unknown)
            }
        }
        areUnderway(underway)
        endWaitForBroker()
        if settlesAt == nil { settlesAt = now + ParticipationLimits.settling }
        // Answers that could not be sent, or were lost. A repeated notice is answered again.
        for id in ids {
            guard let update = updates[id], update.isDue, !update.isPlain else { continue }
            // Where the gate may be open, only a scope has an answer.
            if why != nil || !update.gaveFinal { decide(id) }
        }
    }

    mutating func hungUp() {
        isSubscribed = false
        awaitsNotices = false
        for id in ids { updates[id]?.isCurrent = false }
        while let answer = answers.keys.min(by: { $0.number < $1.number }) {
            replied(answer, .lost)
        }
        endWaitForBroker()
    }
}

extension Duration {
    /// Whole milliseconds, at least 1 for a positive duration: 0 would be an acknowledgement.
    fileprivate var milliseconds: Int64 {
        guard self > .zero else { return 0 }
        let (seconds, attoseconds) = components
        guard seconds < Int64.max / 1_000 - 1 else { return .max }
        return max(1, seconds * 1_000 + attoseconds / 1_000_000_000_000_000)
    }
}
