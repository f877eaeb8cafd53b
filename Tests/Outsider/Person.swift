// SPDX-License-Identifier: Apache-2.0

import Negotiation

/// What the oracle knows of one component in one update: what it heard and said.
struct Person: Hashable, Sendable {
    var ears: [StreamID: Bool] = [:]
    var isTold = false
    /// Its question is open until it is answered.
    var isOpen = true
    var answerBy: Instant
    var isReady = false
    /// Ready, and said so to a final notice: the round it had, and who heard it.
    var isSure = false
    var finalRound: Int64?
    var finalEars: Set<StreamID> = []
    /// Deferrals by connection, those of closed connections under nil.
    var words: [PeerID?: Instant] = [:]
    /// While it may come back.
    var graceUntil: Instant?
    /// Silent or gone; or cut while it held a deferral.
    var isOut = false
    var isCut = false
    var used: Duration = .zero
    var budget: Duration

    var blocks: Bool { !isCut && !isOut && (!isReady || graceUntil != nil) }
    var confirms: Bool { ears.values.contains(true) }
    var isUsedUp: Bool { used >= budget }

    func holds(at now: Instant) -> Bool { words.values.contains { $0 > now } }

    mutating func hear(_ notice: Notice, _ stream: StreamID, _ timeout: Duration, at now: Instant) {
        finalRound = notice.final ? notice.round : nil
        finalEars = notice.final ? finalEars.union([stream]) : []
        if isCut || holds(at: now) { return }
        if !isOpen || (!isTold && !isOut) {
            (isOpen, isReady, isSure, words) = (true, false, false, [:])
            answerBy = now + timeout
            isOut = timeout <= .zero || isUsedUp
        } else if isOut {
            isOut = answerBy <= now || isUsedUp
        }
        isTold = true
    }

    mutating func agree(_ peer: PeerID, _ round: Int64?, at now: Instant) {
        let isFinal = finalRound != nil && round == finalRound
        words[nil] = nil
        words[peer] = nil
        if finalRound != nil, confirms, !isFinal { return }
        isOpen = false
        if holds(at: now) { return }
        (isReady, isOut, graceUntil) = (true, false, nil)
        isSure = isSure || isFinal
    }

    mutating func object(_ peer: PeerID, until end: Instant) {
        words[nil] = nil
        words[peer] = end
        (isOpen, isReady, isOut) = (false, false, false)
    }

    /// Somebody deferred: nothing final holds, and who heard it will hear that.
    mutating func goBackToWork() {
        if finalEars.contains(where: { ears[$0] == true }) { isOpen = false }
        (isSure, finalRound, finalEars) = (false, nil, [])
    }

    mutating func passTime(_ grace: Duration, at now: Instant) {
        if isUsedUp { return cut(at: now - (used - budget)) }
        if let end = graceUntil {
            guard end <= now else { return }
            graceUntil = nil
            if !isReady { (isOut, words) = (true, [:]) }
        } else if isOpen {
            isOut = answerBy <= now
        } else if !holds(at: now) {
            // With nobody there to be asked again, the last word stays the last.
            if ears.isEmpty { graceUntil = now + grace } else { words = [:] }
        }
    }

    mutating func cut(at end: Instant) {
        isCut = words.values.contains { $0 >= end }
        isOut = !isCut && !isReady
        graceUntil = nil
    }

    mutating func close(_ peer: PeerID) {
        guard let word = words.removeValue(forKey: peer) else { return }
        words[nil] = max(word, words[nil] ?? word)
    }
}
