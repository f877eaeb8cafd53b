// SPDX-License-Identifier: Apache-2.0

import Negotiation

/// What the oracle knows of one component in one update: what it was told and answered.
struct ComponentAccount: Hashable, Sendable {
    var subscriptions: [StreamID: Subscription] = [:]
    var isTold = false
    /// It was subscribed when the broker died, and was not back when the update was announced.
    var isReturning = false
    /// Its only subscriptions belong to a coordinator's process.
    var isExcused = false
    /// Its question is not answered yet.
    var isOpen = true
    var answerBy: Instant
    /// The upstream's end has given it more time for this question.
    var isProlonged = false
    var isReady = false
    /// The number of its question.
    var round: Int64 = 0
    /// It answered a final notice; the round of that notice, and the subscriptions it was sent to.
    var hasFinalWord = false
    var finalRound: Int64?
    var finalSubscriptions: Set<StreamID> = []
    /// That was in a final asking, which is not over.
    var isAskedFinally = false
    /// A last call was its final question.
    var hadFinalCall = false
    /// Its processes that were sent the question and have not answered it; those that did not in
    /// time; those that must be asked before they count; and those whose final word stands.
    var owing: Set<Int32> = []
    var late: Set<Int32> = []
    var unasked: Set<Int32> = []
    var acted: Set<Int32> = []
    /// Processes whose connection the upstream ended, until when each may be back, and whether it
    /// acts on a final notice.
    var away: [Int32: Away] = [:]
    /// After a death of the broker: with how many processes it is awaited, and until when.
    var expected = 0
    var expectedUntil: Instant?
    /// Ends of deferrals by connection, those of closed connections under nil.
    var deferrals: [PeerID?: Instant] = [:]
    /// The process that alone lifts the one under nil: the broker died.
    var keeper: Int32?
    /// How often it sent others back to work, and until when it stays deferred for that.
    var breaks = 0
    var heldUntil: Instant?
    /// How long it may take to reconnect.
    var graceUntil: Instant?
    /// `isOut`: silent or gone. `isCut`: a cap ended its deferral.
    var isOut = false
    /// It hung up and did not come back in time.
    var isGone = false
    var isCut = false
    var isVeto = false
    /// It is a veto that was silent in a final asking: it is told that this is over, and not asked.
    var isRecalled = false
    var used: Duration = .zero
    var budget: Duration

    var blocks: Bool {
        !isCut && (isOut ? isVeto : !isReady || graceUntil != nil)
    }
    var confirms: Bool {
        subscriptions.values.contains { $0.confirm } || away.values.contains { $0.confirms }
    }
    /// It has not subscribed yet, and is not expected back: a required component, for example.
    var isPlaceholder: Bool {
        let isExpected = isReturning && (graceUntil != nil || isGone)
        return subscriptions.isEmpty && !isTold && !isExpected
    }
    /// It was waited for, and is not there.
    var isMissing: Bool { isOut && !isExcused && (isGone || isPlaceholder) }
    var isUsedUp: Bool { used >= budget }

    /// It was sent a final notice that it acts on, and not told otherwise since.
    var mayHaveActed: Bool {
        finalSubscriptions.contains { subscriptions[$0]?.confirm ?? false }
    }

    var ends: [Instant] { Array(deferrals.values) + (heldUntil.map { [$0] } ?? []) }

    func holds(at now: Instant) -> Bool { ends.contains { $0 > now } }

    /// Nothing for the first break, then a response time, and twice as much each time.
    func hold(_ timeout: Duration) -> Duration {
        var hold = breaks == 0 ? Duration.zero : timeout
        for _ in 1..<max(breaks, 1) { hold += hold }
        return hold
    }

    /// `isSecond`: of two notices in one event, or that of a second subscription.
    mutating func hear(
        _ notice: Notice,
        _ stream: StreamID,
        _ timeout: Duration,
        isSecond: Bool,
        at now: Instant
    ) {
        let isLate = notice.deadlineIn <= .zero
        // Who was gone has the rest of its time; who is silent stays so.
        let wasGone = isGone
        isGone = false
        let isSameKind = notice.final == (finalRound != nil)
        if isRecalled {
            (isRecalled, finalRound, finalSubscriptions) = (false, nil, [])
            round += 1
            return
        }
        if isNews(at: now) {
            round += isSecond && isSameKind ? 0 : 1
        } else if round == 0 || notice.final && !isSameKind {
            round += 1
        }
        finalRound = notice.final ? round : nil
        finalSubscriptions = notice.final ? finalSubscriptions.union([stream]) : []
        if isCut || holds(at: now) { return }
        if let process = subscriptions[stream]?.process {
            owing.insert(process)
            (late, unasked) = (late.subtracting([process]), unasked.subtracting([process]))
            acted.remove(process)
        }
        if isNews(at: now) {
            askAway(isFinal: notice.final)
            (isOpen, isReady, hasFinalWord) = (true, false, false)
            forgetDeferrals()
            answerBy = max(now + timeout, (isExpecting ? expectedUntil : nil) ?? now)
            if timeout <= .zero { answerBy = now }
            isProlonged = false
            isOut = timeout <= .zero || isUsedUp || isLate
        } else if isOut, wasGone {
            isOut = answerBy <= now || isUsedUp || isLate
        }
        isTold = true
    }

    /// Whether a notice now is no repetition: a new question, or one that sends it back to work.
    private func isNews(at now: Instant) -> Bool {
        isCut || holds(at: now) || !isOpen || (!isTold && !isOut)
    }

    mutating func excuse(isThere: Bool, at now: Instant) {
        guard subscriptions.isEmpty else { return }
        let isAbsent = isPlaceholder && !isExcused
        isExcused = true
        // Its answer holds. A component that may reconnect can do so from another process.
        if isThere ? isAbsent : isOpen { if blocks, graceUntil == nil { agree() } }
    }

    mutating func agree() {
        (isOpen, isReady, isOut, graceUntil) = (false, true, false, nil)
        (owing, late, unasked) = ([], late.union(owing).union(unasked.intersection(away.keys)), [])
    }

    mutating func object(_ answer: Answer, until end: Instant) {
        replaceDeferral(of: answer, with: end)
        owing.remove(answer.process)
        late.remove(answer.process)
        unasked.insert(answer.process)
        (isOpen, isReady, isOut) = (false, false, false)
    }

    /// A component deferred: no final answer holds, and those who gave one are told.
    mutating func goBackToWork() {
        if mayHaveActed, isVeto, isOut { isRecalled = true } else if mayHaveActed { isOpen = false }
        (hasFinalWord, finalRound, finalSubscriptions, acted) = (false, nil, [], [])
        isAskedFinally = false
    }

    mutating func passTime(_ grace: Duration, at now: Instant) {
        if isOut { return }
        if isUsedUp { return cut(at: now - (used - budget)) }
        endAway(at: now)
        if let end = expectedUntil, end <= now { expectNone() }
        guard blocks, !isOut else { return }
        if let end = graceUntil {
            guard end <= now else { return }
            graceUntil = nil
            if isExcused {
                if !holds(at: now) { agree() }
            } else if !isReady {
                (isOut, isGone) = (true, true)
                forgetDeferrals()
            }
        } else if isOpen {
            guard answerBy <= now else { return }
            let isHeard = isOfSeveral && !heard.isEmpty
            if isExcused || isHeard && (finalRound == nil || allActed) {
                agree()
                hasFinalWord = hasFinalWord || isHeard && confirms && allActed
            } else {
                isOut = true
            }
        } else if !holds(at: now) {
            // Without a subscription it cannot be asked again, and its last deferral is kept.
            if isExcused || !subscriptions.isEmpty { forgetDeferrals() }
            if isExcused { agree() } else if subscriptions.isEmpty { graceUntil = now + grace }
            if waitsForAwayAlone { if answerBy > now { isOpen = true } else { agree() } }
        }
    }

    mutating func cut(at end: Instant) {
        isCut = state == .deferred || ends.contains { $0 >= end }
        isOut = !isCut && !isReady && !isExcused
        graceUntil = nil
        isVeto = false
    }

    mutating func forgetDeferrals() {
        (deferrals, heldUntil, keeper) = ([:], nil, nil)
    }
}
