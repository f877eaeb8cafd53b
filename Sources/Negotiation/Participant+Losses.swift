// SPDX-License-Identifier: Apache-2.0

// Connections that the upstream ends, through no fault of the component's.

extension Participant {
    /// A connection ended, and others are there. Where it was the last one of its process, that is
    /// waited for as a component of one process would be.
    mutating func lose(
        _ peer: PeerID,
        of process: Int32,
        until graceEnd: Instant,
        at now: Instant
    ) {
        let confirm = subscribers.contains { $0.confirm && $0.stream.peer == peer }
        detachDeferral(of: peer, ofProcess: process, at: now)
        subscribers.removeAll { $0.stream.peer == peer }
        guard !isThere(process) else { return }
        awayProcesses.append(AwayProcess(process: process, confirm: confirm, until: graceEnd))
        guard state == .asked || state == .deferred, !isReady(process) else { return }
        prolong(until: graceEnd)
        if state == .asked { until = question.answerBy }
    }

    /// Its last connection ended.
    mutating func loseLast(until graceEnd: Instant, at now: Instant) {
        let away = isOfSeveral ? awayProcesses + places(until: graceEnd) : []
        let awaited = returning
        if state == .asked || state == .deferred && isOfSeveral { prolong(until: graceEnd) }
        survive(until: state == .asked ? question.answerBy : graceEnd, at: now)
        awayProcesses = away
        if state.blocks { returning = awaited }
    }

    private func places(until end: Instant) -> [AwayProcess] {
        Set(subscribers.map(\.process)).sorted().map { process in
            let confirm = subscribers.contains { $0.confirm && $0.process == process }
            return AwayProcess(process: process, confirm: confirm, until: end)
        }
    }

    /// Once for each question: an upstream that ends connections again and again prolongs no
    /// question for ever.
    private mutating func prolong(until graceEnd: Instant) {
        guard !question.isProlonged, question.answerBy < graceEnd else { return }
        question.answerBy = graceEnd
        question.isProlonged = true
    }

    /// Of several processes only its own lifts the deferral.
    private mutating func detachDeferral(
        of peer: PeerID,
        ofProcess process: Int32,
        at now: Instant
    ) {
        let isRunning = deferralsByPeer[peer].map { $0 > now } ?? false
        detachDeferral(of: peer)
        if isRunning, isOfSeveral { detachedOwner = process }
    }

    /// When the first of its processes is waited for no longer.
    var awayEnd: Instant? { awayProcesses.lazy.map(\.until).min() }

    /// It has subscribed again, and is asked as any other.
    mutating func welcomeBack(_ process: Int32) {
        guard let place = awayProcesses.firstIndex(where: { $0.process == process }) else {
            return
        }
        awayProcesses.remove(at: place)
        voices.removeAll { $0.process == process }
    }
}
