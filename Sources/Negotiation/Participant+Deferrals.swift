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
    package var liftableDeferralEnd: Instant? {
        deferralsByPeer.isEmpty
            ? detachedDeferral
            : deferralsByPeer.values.reduce(detachedDeferral) { max($0 ?? $1, $1) }
    }

    /// An answer replaces the deferral of its connection, and that of a closed connection.
    mutating func keepDeferral(of peer: PeerID, until end: Instant?, at now: Instant) {
        detachedDeferral = nil
        if end == nil, deferralsByPeer.isEmpty { return }
        deferralsByPeer[peer] = end
        if !deferralsByPeer.isEmpty { deferralsByPeer = deferralsByPeer.filter { $0.value > now } }
    }

    /// A connection closed: its running deferral is the component's from now on.
    mutating func detachDeferral(of peer: PeerID) {
        guard let end = deferralsByPeer.removeValue(forKey: peer) else { return }
        detachedDeferral = max(detachedDeferral ?? end, end)
    }

    mutating func forgetDeferrals() {
        deferralsByPeer = [:]
        detachedDeferral = nil
        heldUntil = nil
    }

    /// For how long no answer lifts the deferral by which it breaks another final asking: its first
    /// is free, the next one holds for a response time, and each further one for twice as long.
    func nextHold(responseTimeout: Duration) -> Duration {
        guard brokenFinalAskings > 0 else { return .zero }
        return responseTimeout * (1 << min(brokenFinalAskings - 1, 16))
    }
}
