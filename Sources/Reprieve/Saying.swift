// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// What leaves for the broker, and what it replies.
extension Desk {
    /// Answers the latest notice of an update. Nil if that cannot be said now; then it stays due.
    @discardableResult
    mutating func say(_ id: String, _ time: Duration, _ why: String?) -> Question? {
        guard let known = updates[id] else { return nil }
        guard isSubscribed, known.canBeAnswered, !known.isReleased else {
            updates[id]?.isDue = true
            return nil
        }
        let question = Question(number: nextNumber())
        questions[question] = Asked(
            deploymentID: id,
            deferral: time,
            wasCurrent: known.isCurrent,
            replyBy: now + Limits.reply
        )
        updates[id]?.isAnswered = true
        updates[id]?.latest = question
        // What was put off for a scope or a slow closure is let go as soon as that ends.
        let isForUs = self.why != nil || known.isThinking
        updates[id]?.isDue = isForUs
        if time == .zero { updates[id]?.gaveFinal = known.notice.isFinal }
        let request = DeferRequest(
            deploymentID: id,
            recheckAfterMs: time.milliseconds,
            message: why,
            round: known.notice.round
        )
        act(.say(question, request))
        return question
    }

    mutating func replied(_ question: Question, _ reply: Reply) {
        guard let asked = questions.removeValue(forKey: question) else { return }
        let id = asked.deploymentID
        let known = updates[id].flatMap { $0.outcome == nil ? $0 : nil }
        switch reply {
        case .taken(let response):
            settle(question, id, isUnderway: false)
            if asked.deferral > .zero, known?.latest == question { deferred(id, asked, response) }
        case .refused(let reason):
            let isUnderway =
                asked.deferral > .zero && known.map { asked.wasCurrent || $0.gaveFinal } ?? false
            if isUnderway { updates[id]?.isReleased = true }
            let hears = holds.contains { $0.pending.contains(question) }
            if !hears { refused(id, asked, reason) }
            settle(question, id, isUnderway: isUnderway)
        case .lost:
            updates[id]?.isDue = true
            updates[id]?.isAnswered = false
            settle(question, id, isUnderway: known?.gaveFinal ?? false)
        }
    }

    private mutating func deferred(_ id: String, _ asked: Asked, _ response: DeferResponse) {
        guard let known = updates[id], known.outcome == nil else { return }
        if case .ready(let ticket, _) = known.stance { goBack(id, ticket, .postponed) }
        updates[id]?.gaveFinal = false
        releaseHolds(thatWaitFor: id)
        let granted = response.grantedMs.map { Duration.milliseconds($0) } ?? asked.deferral
        guard response.remainingMs == 0, granted < asked.deferral else { return }
        updates[id]?.endsAt = now + granted
        warn(id)
    }

    private mutating func refused(_ id: String, _ asked: Asked, _ reason: String) {
        guard asked.wasCurrent else {
            // The broker of another connection knows this update no more.
            if updates[id]?.stance == .undecided, updates[id]?.isCurrent == false {
                updates[id] = nil
            }
            return
        }
        let text = printable(reason)
        act(.log("the answer to the update \(printable(id)) has no effect: \(text)"))
    }

    mutating func subscribed(_ underway: [String]) {
        isSubscribed = true
        subscribeBy = nil
        goAhead(underway)
        endOpening()
        if settlesAt == nil { settlesAt = now + Limits.settling }
        // Words that could not be said, or were lost. A broker that asks anew is answered anew.
        for id in ids {
            guard let known = updates[id], known.isDue, !known.isPlain else { continue }
            // Only a scope has anything to say where the gate may be open.
            if why != nil || !known.gaveFinal { decide(id) }
        }
    }

    mutating func hungUp() {
        isSubscribed = false
        subscribeBy = nil
        for id in ids { updates[id]?.isCurrent = false }
        while let question = questions.keys.min(by: { $0.number < $1.number }) {
            replied(question, .lost)
        }
        endOpening()
    }
}

// MARK: - Time

extension Desk {
    /// When `timePassed` is due; nil while nothing waits.
    var nextDeadline: Moment? {
        var deadlines = questions.values.map(\.replyBy)
        for known in updates.values {
            deadlines.append(known.forgetAt)
            if let deadline = known.stance.deadline { deadlines.append(deadline) }
        }
        if let subscribeBy { deadlines.append(subscribeBy) }
        if let settlesAt, !hasSpoken { deadlines.append(settlesAt) }
        return deadlines.min()
    }

    mutating func timePassed() {
        for id in ids {
            guard let known = updates[id] else { continue }
            if known.forgetAt <= now {
                end(id, .unknown)
                updates[id]?.forgetAt = now + Limits.update
            } else if let deadline = known.stance.deadline, deadline <= now {
                isDueNow(id, known)
            }
        }
        if !hasSpoken, let settlesAt, settlesAt <= now {
            hasSpoken = true
            for id in ids where isUnheard(id) { decide(id) }
        }
        let isOwed = questions.values.contains { $0.replyBy <= now }
        if isOwed || subscribeBy.map({ $0 <= now }) ?? false { act(.hangUp) }
    }

    private mutating func isDueNow(_ id: String, _ known: Known) {
        switch known.stance {
        case .thinking(let ticket, let notice, _):
            updates[id]?.stance = .thinking(ticket, notice, coverAt: nil)
            if known.outcome == nil { say(id, Limits.onItsBehalf, why ?? "still deciding") }
        case .ready(let ticket, _) where known.isReleased:
            updates[id]?.stance = .ready(ticket, until: nil)
        case .ready(let ticket, _): goBack(id, ticket, .postponed)
        case .undecided, .goingBack: break
        }
    }

    /// Nothing was said to the notice, and nobody was asked.
    private func isUnheard(_ id: String) -> Bool {
        updates[id]?.stance == .undecided && updates[id]?.isAnswered == false
    }
}

extension Known {
    var isThinking: Bool {
        if case .thinking = stance { true } else { false }
    }
}

extension Known.Stance {
    var deadline: Desk.Moment? {
        switch self {
        case .thinking(_, _, let coverAt): coverAt
        case .ready(_, let until): until
        case .undecided, .goingBack: nil
        }
    }
}

extension Duration {
    /// Whole milliseconds, but never 0 for what takes some time: that would be an acknowledgement.
    fileprivate var milliseconds: Int64 {
        guard self > .zero else { return 0 }
        let (seconds, attoseconds) = components
        guard seconds < Int64.max / 1_000 - 1 else { return .max }
        return max(1, seconds * 1_000 + attoseconds / 1_000_000_000_000_000)
    }
}
