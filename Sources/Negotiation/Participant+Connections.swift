// SPDX-License-Identifier: Apache-2.0

// What a participant has of its connections, and what is left of that after a death of the broker.

extension Participant {
    /// A process without a connection, which may be back in a moment. It has its say until then.
    package struct AwayProcess: Hashable, Sendable {
        package var process: Int32
        package var confirm: Bool
        package var until: Instant

        package init(process: Int32, confirm: Bool, until end: Instant) {
            self.process = process
            self.confirm = confirm
            until = end
        }
    }

    /// What was said on its connections. It is written down for those that outlive the broker.
    package struct ConnectionWords: Hashable, Sendable {
        package var detachedDeferral: Instant?
        package var detachedOwner: Int32?
        package var deferralsByPeer: [PeerID: Instant] = [:]
        package var voices: [Voice] = []
        package var awayProcesses: [AwayProcess] = []
        /// Its subscriptions: who is ready for an update is so for a shutdown that it includes.
        package var streams: [StreamID] = []

        package init() {}
    }

    /// What is written down of all its connections.
    package struct ConnectionSummary: Hashable, Sendable {
        package var isConfirm: Bool
        package var deferralEnd: Instant?
        package var deferrer: Int32?
        package var processes: Int
    }

    /// Mutating, so that a participant is read where it stands: it is large to copy.
    package mutating func summarizeConnections() -> ConnectionSummary {
        ConnectionSummary(
            isConfirm: isConfirm,
            deferralEnd: liftableDeferralEnd,
            deferrer: deferrer,
            processes: processCount
        )
    }

    /// The subscriptions that the update concerns, of connections that outlived the broker.
    mutating func reinstate(_ subscriptions: [Subscription]) {
        guard !subscriptions.isEmpty, let words = restoredWords else { return }
        subscribers = subscriptions.map { Subscriber($0) }
        detachedDeferral = words.detachedDeferral
        detachedOwner = words.detachedOwner
        deferralsByPeer = words.deferralsByPeer
        voices = words.voices
        awayProcesses = words.awayProcesses
    }

    /// The broker died. Nothing changes where connections outlived it.
    mutating func survive(
        keeping peers: Set<PeerID>,
        until graceEnd: Instant,
        at now: Instant
    ) {
        restoredWords = nil
        let count = processCount
        guard subscribers.contains(where: { peers.contains($0.stream.peer) }) else {
            survive(until: graceEnd, at: now)
            return awaitProcesses(count, until: graceEnd)
        }
        subscribers.removeAll { !peers.contains($0.stream.peer) }
        subscribers.sort { $0.stream < $1.stream }
        for peer in Array(deferralsByPeer.keys) where !peers.contains(peer) {
            detachDeferral(of: peer)
        }
        awaitProcesses(count, until: graceEnd)
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

    /// The gate is open: of all connections only those matter that outlived the broker, and had a
    /// subscription when it opened.
    mutating func loseConnections(but known: [Subscription]) {
        let streams = restoredWords?.streams ?? subscribers.map(\.stream)
        loseConnections()
        subscribers = known.filter { streams.contains($0.stream) }.map { Subscriber($0) }
    }

    mutating func loseConnections() {
        restoredWords = nil
        detachAllDeferrals()
        subscribers = []
        awayProcesses = []
        voices = []
        returning = nil
    }
}
