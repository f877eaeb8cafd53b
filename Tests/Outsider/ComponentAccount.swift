// SPDX-License-Identifier: Apache-2.0

import Negotiation

/// What the oracle knows of one component in one update: what it heard and said.
struct ComponentAccount: Hashable, Sendable {
    var subscriptions: [StreamID: Subscription] = [:]
    var isTold = false
    /// All of it that is left sits in a coordinator's process.
    var isExcused = false
    /// Its question is open until it is answered.
    var isOpen = true
    var answerBy: Instant
    var isReady = false
    /// Ready, and said so to a final notice: the round it had, and who heard it.
    var hasFinalWord = false
    var finalRound: Int64?
    var finalSubscriptions: Set<StreamID> = []
    /// Deferrals by connection, those of closed connections under nil.
    var deferrals: [PeerID?: Instant] = [:]
    /// While it may come back.
    var graceUntil: Instant?
    /// Silent or gone; or cut while it held a deferral.
    var isOut = false
    var isCut = false
    var used: Duration = .zero
    var budget: Duration

    var blocks: Bool { !isCut && !isOut && (!isReady || graceUntil != nil) }
    var confirms: Bool { subscriptions.values.contains { $0.confirm } }
    /// Nobody has come by this name yet.
    var isPlaceholder: Bool { subscriptions.isEmpty && !isTold }
    var isUsedUp: Bool { used >= budget }

    func holds(at now: Instant) -> Bool { deferrals.values.contains { $0 > now } }

    mutating func hear(_ notice: Notice, _ stream: StreamID, _ timeout: Duration, at now: Instant) {
        finalRound = notice.final ? notice.round : nil
        finalSubscriptions = notice.final ? finalSubscriptions.union([stream]) : []
        if isCut || holds(at: now) { return }
        if !isOpen || (!isTold && !isOut) {
            (isOpen, isReady, hasFinalWord, deferrals) = (true, false, false, [:])
            answerBy = now + timeout
            isOut = timeout <= .zero || isUsedUp
        } else if isOut {
            isOut = answerBy <= now || isUsedUp
        }
        isTold = true
    }

    mutating func agree(_ peer: PeerID, _ round: Int64?, at now: Instant) {
        let isFinal = finalRound != nil && round == finalRound
        deferrals[nil] = nil
        deferrals[peer] = nil
        if finalRound != nil, confirms, !isFinal { return }
        isOpen = false
        if holds(at: now) { return }
        agree()
        hasFinalWord = hasFinalWord || isFinal
    }

    mutating func excuse(isThere: Bool, at now: Instant) {
        guard subscriptions.isEmpty else { return }
        let isAbsent = isPlaceholder && !isExcused
        isExcused = true
        // Its word holds; whom one waits for to return may still return elsewhere.
        if isThere ? isAbsent : isOpen { if blocks, graceUntil == nil { agree() } }
    }

    private mutating func agree() {
        (isOpen, isReady, isOut, graceUntil) = (false, true, false, nil)
    }

    mutating func object(_ peer: PeerID, until end: Instant) {
        deferrals[nil] = nil
        deferrals[peer] = end
        (isOpen, isReady, isOut) = (false, false, false)
    }

    /// Somebody deferred: nothing final holds, and who heard it will hear that.
    mutating func goBackToWork() {
        if finalSubscriptions.contains(where: { subscriptions[$0]?.confirm ?? false }) {
            isOpen = false
        }
        (hasFinalWord, finalRound, finalSubscriptions) = (false, nil, [])
    }

    mutating func passTime(_ grace: Duration, at now: Instant) {
        if isUsedUp { return cut(at: now - (used - budget)) }
        if let end = graceUntil {
            guard end <= now else { return }
            graceUntil = nil
            if isExcused {
                if !holds(at: now) { agree() }
            } else if !isReady {
                (isOut, deferrals) = (true, [:])
            }
        } else if isOpen {
            isOut = answerBy <= now
            if isOut, isExcused { agree() }
        } else if !holds(at: now) {
            // With nobody there to be asked again, the last word stays the last.
            if isExcused || !subscriptions.isEmpty { deferrals = [:] }
            if isExcused { agree() } else if subscriptions.isEmpty { graceUntil = now + grace }
        }
    }

    mutating func cut(at end: Instant) {
        isCut = deferrals.values.contains { $0 >= end }
        isOut = !isCut && !isReady && !isExcused
        graceUntil = nil
    }

    mutating func close(_ peer: PeerID) {
        guard let word = deferrals.removeValue(forKey: peer) else { return }
        deferrals[nil] = max(word, deferrals[nil] ?? word)
    }
}
