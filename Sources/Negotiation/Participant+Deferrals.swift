// SPDX-License-Identifier: Apache-2.0

extension Participant {
    /// When the last running deferral ends; nil when none runs.
    func deferralEnd(at now: Instant) -> Instant? {
        lastDeferralEnd.flatMap { $0 > now ? $0 : nil }
    }

    /// When the last deferral ends or ended, of those that were not replaced.
    var lastDeferralEnd: Instant? {
        guard let heldUntil else { return liftableDeferralEnd }
        return max(heldUntil, liftableDeferralEnd ?? heldUntil)
    }

    /// The same without a deferral that no answer lifts.
    @inline(__always)
    package var liftableDeferralEnd: Instant? {
        deferralsByPeer.isEmpty
            ? detachedDeferral
            : deferralsByPeer.values.reduce(detachedDeferral) { max($0 ?? $1, $1) }
    }

    /// An answer replaces the deferral of its connection, and that of a closed connection. One that
    /// was lost with the broker is replaced by its process alone.
    mutating func keepDeferral(
        of peer: PeerID,
        _ process: Int32,
        until end: Instant?,
        at now: Instant
    ) {
        if detachedOwner.map({ $0 == process }) ?? true {
            detachedDeferral = nil
            detachedOwner = nil
        }
        if end == nil, deferralsByPeer.isEmpty { return }
        deferralsByPeer[peer] = end
        if !deferralsByPeer.isEmpty { deferralsByPeer = deferralsByPeer.filter { $0.value > now } }
    }

    /// A connection closed: its running deferral is the component's from now on.
    mutating func detachDeferral(of peer: PeerID) {
        guard let end = deferralsByPeer.removeValue(forKey: peer) else { return }
        detachedDeferral = max(detachedDeferral ?? end, end)
    }

    mutating func detachAllDeferrals() {
        detachedOwner = deferrer
        for peer in Array(deferralsByPeer.keys) { detachDeferral(of: peer) }
    }

    /// The process whose deferral ends last, of several: the others cannot lift it, not even when
    /// the broker has lost all connections.
    @inline(__always)
    package var deferrer: Int32? {
        guard let end = liftableDeferralEnd else { return nil }
        if end == detachedDeferral { return detachedOwner }
        guard isOfSeveral else { return nil }
        return subscribers.lazy.filter { deferralsByPeer[$0.stream.peer] == end }
            .map(\.process).min()
    }

    mutating func forgetDeferrals() {
        deferralsByPeer = [:]
        detachedDeferral = nil
        detachedOwner = nil
        heldUntil = nil
    }

    /// For how long no answer lifts the deferral by which it breaks another final asking: its first
    /// is free, the next one holds for a response time, and each further one for twice as long.
    func nextHold(responseTimeout: Duration) -> Duration {
        guard brokenFinalAskings > 0 else { return .zero }
        return responseTimeout * (1 << min(brokenFinalAskings - 1, 16))
    }
}
