// SPDX-License-Identifier: Apache-2.0

// What a participant has of its connections, and what is left of that after a death of the broker.

extension Participant {
    /// What was said on its connections. It is written down for those that outlive the broker.
    package struct ConnectionWords: Hashable, Sendable {
        package var detachedDeferral: Instant?
        package var detachedOwner: Int32?
        package var deferralsByPeer: [PeerID: Instant] = [:]
        package var voices: [Voice] = []

        package init() {}
    }

    package var connectionWords: ConnectionWords {
        var words = ConnectionWords()
        words.detachedDeferral = detachedDeferral
        words.detachedOwner = detachedOwner
        words.deferralsByPeer = deferralsByPeer
        words.voices = voices
        return words
    }

    /// The subscriptions that the update concerns, of connections that outlived the broker.
    mutating func reinstate(_ subscriptions: [Subscription]) {
        guard !subscriptions.isEmpty, let words = restoredWords else { return }
        subscribers = subscriptions.map { Subscriber($0) }
        detachedDeferral = words.detachedDeferral
        detachedOwner = words.detachedOwner
        deferralsByPeer = words.deferralsByPeer
        voices = words.voices
    }

    /// The broker died. Nothing changes where connections outlived it.
    mutating func survive(
        keeping peers: Set<PeerID>,
        until graceEnd: Instant,
        at now: Instant
    ) {
        restoredWords = nil
        guard subscribers.contains(where: { peers.contains($0.stream.peer) }) else {
            return survive(until: graceEnd, at: now)
        }
        subscribers.removeAll { !peers.contains($0.stream.peer) }
        subscribers.sort { $0.stream < $1.stream }
        for peer in Array(deferralsByPeer.keys) where !peers.contains(peer) {
            detachDeferral(of: peer)
        }
    }

    mutating func survive(until graceEnd: Instant, at now: Instant) {
        let owesFinalWord = isConfirm && !hasFinalWord
        loseConnections()
        switch state {
        case .absent, .asked, .away:
            until = until.map { max($0, graceEnd) }
            if state == .asked { question.answerBy = max(question.answerBy, graceEnd) }
        case .acknowledged where isVeto || owesFinalWord:
            if isVeto { withdrawConsent() }
            enter(.away, until: graceEnd, at: now)
        case .acknowledged, .deferred, .silent, .gone, .overridden: break
        }
    }

    mutating func loseConnections() {
        restoredWords = nil
        detachAllDeferrals()
        subscribers = []
        voices = []
    }
}
