// SPDX-License-Identifier: Apache-2.0

// Questions and notices: who is asked, in which round, and what the notice says.

extension Update {
    /// Puts a new question, in the next round unless it is a second subscription's. It is sent to
    /// `streams`, or to all subscriptions of the component if nil.
    mutating func ask(
        _ name: ComponentName,
        streams: [StreamID]? = nil,
        isSecond: Bool = false,
        _ handling: inout Handling
    ) {
        guard let place = participants.place(of: name) else { return }
        let isFinal = isFinal(ofVeto: participants.entries[place].isVeto)
        let (timeout, now) = (policy.responseTimeout, handling.now)
        with(name, at: place, &handling) { participant in
            participant.takeQuestion(
                isFinal: isFinal,
                streams: streams,
                isSecond: isSecond,
                responseTimeout: timeout,
                at: now
            )
        }
        tellQuestion(name, at: place, streams: streams, &handling)
    }

    /// Sends a question that was put a moment ago.
    mutating func tellQuestion(
        _ name: ComponentName,
        at place: Int,
        streams: [StreamID]? = nil,
        _ handling: inout Handling
    ) {
        tell(name, at: place, streams: streams, &handling)
        // No response time, no budget, or no time to the deadline: told, not asked.
        let now = handling.now
        let budgetLeft = standing(at: place, now).budgetLeft
        if min(policy.responseTimeout, budgetLeft, deadline - now) <= .zero {
            with(name, at: place, &handling) { $0.enter(.silent, at: now) }
        }
    }

    /// Sends the standing question to one more subscription. In a final asking it becomes a final
    /// question, in a round of its own; the response time runs on.
    mutating func repeatQuestion(
        _ name: ComponentName,
        to stream: StreamID,
        _ handling: inout Handling
    ) {
        guard let place = participants.place(of: name) else { return }
        let now = handling.now
        let isFinal = isFinal(ofVeto: participants.entries[place].isVeto)
        with(name, at: place, &handling) { participant in
            participant.keepVoices(butOf: [stream], at: now)
            let becomesFinal = isFinal && !participant.question.isFinal
            if becomesFinal { participant.question.isFinal = true }
            if becomesFinal || participant.question.round == 0 { participant.question.round += 1 }
        }
        tell(name, at: place, streams: [stream], &handling)
    }

    /// Sends the standing question to some or all of a component's subscriptions.
    mutating func tell(_ name: ComponentName, streams: [StreamID]?, _ handling: inout Handling) {
        guard let place = participants.place(of: name) else { return }
        tell(name, at: place, streams: streams, &handling)
    }

    private mutating func tell(
        _ name: ComponentName,
        at place: Int,
        streams: [StreamID]?,
        _ handling: inout Handling
    ) {
        let subscribers = participants.entries[place].subscribers
        guard !(streams?.isEmpty ?? subscribers.isEmpty) else { return }
        let notice = notice(at: place, handling)
        if let streams {
            for stream in streams { handling.send(.notify(stream, notice)) }
        } else {
            for subscriber in subscribers { handling.send(.notify(subscriber.stream, notice)) }
        }
        if notice.final, finalQuestionsAsk {
            askedFinally.formUnion(streams ?? subscribers.map(\.stream))
        }
        if !participants.entries[place].isTold {
            with(name, at: place, &handling) { $0.isTold = true }
        }
    }

    /// Sends a last call. It changes no state and no timer.
    mutating func lastCall(
        _ name: ComponentName,
        streams: [StreamID]? = nil,
        isFinal: Bool,
        respondBy: Duration? = nil,
        _ handling: inout Handling
    ) {
        guard let place = participants.place(of: name) else { return }
        var notice = notice(at: place, handling)
        notice.lastCall = true
        notice.final = isFinal
        notice.respondBy = respondBy ?? notice.respondBy
        let streams = streams ?? participants.entries[place].subscribers.map(\.stream)
        for stream in streams { handling.send(.notify(stream, notice)) }
        if !participants.entries[place].isTold, !streams.isEmpty {
            with(name, at: place, &handling) { $0.isTold = true }
        }
    }

    private mutating func notice(at place: Int, _ handling: borrowing Handling) -> Notice {
        let now = handling.now
        let maxDefer = maxDefer(at: place, handling.settings)
        let deadlineLeft = max(.zero, deadline - now)
        let (question, budgetLeft) = standing(at: place, now)
        let answerTime =
            question.isAnswered
            ? request.policy.responseTimeout : max(.zero, question.answerBy - now)
        return Notice(
            deploymentID: id,
            reason: request.reason,
            disruption: request.disruption,
            components: request.components,
            round: question.round,
            respondBy: min(answerTime, budgetLeft, deadlineLeft),
            deadlineIn: deadlineLeft,
            maxDefer: min(maxDefer, budgetLeft, deadlineLeft),
            lastCall: false,
            final: question.isFinal
        )
    }
}

extension Participant {
    /// A new question is put to it, in the next round unless it is a second subscription's.
    mutating func takeQuestion(
        isFinal: Bool,
        streams: [StreamID]? = nil,
        isSecond: Bool = false,
        responseTimeout: Duration,
        at now: Instant
    ) {
        keepVoices(butOf: streams, isFinal: isFinal, at: now)
        // A final question has a round of its own, which tells its answer from "I could".
        let isSameRound = isSecond && question.isFinal == isFinal
        let answerBy = answerEnd(responseTimeout, at: now)
        question = Question(
            round: question.round + (isSameRound ? 0 : 1),
            answerBy: answerBy,
            isFinal: isFinal
        )
        hasFinalWord = false
        acknowledgedAt = nil
        forgetDeferrals()
        let isHeard = !(streams?.isEmpty ?? subscribers.isEmpty)
        isTold = isTold || isHeard
        enter(.asked, until: answerBy, at: now)
    }

    mutating func standing(at now: Instant) -> (question: Question, budgetLeft: Duration) {
        (question, budgetLeft(at: now))
    }
}
