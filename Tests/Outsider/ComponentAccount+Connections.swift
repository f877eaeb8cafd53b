// SPDX-License-Identifier: Apache-2.0

import Negotiation

// What a component keeps of a connection that is over.

extension ComponentAccount {
    mutating func close(_ peer: PeerID) {
        guard let word = deferrals.removeValue(forKey: peer) else { return }
        deferrals[nil] = max(word, deferrals[nil] ?? word)
    }

    /// Its connections are lost through no fault of its own.
    mutating func loseConnections(until graceEnd: Instant, isDeath: Bool) {
        noteKeeper()
        for peer in deferrals.keys { peer.map { close($0) } }
        let isUnsure = isReady && confirms && !hasFinalWord
        let isAsked = isOpen && blocks && !isOut && graceUntil == nil
        let mayLeaveAsVeto = isReady && graceUntil == nil
        (subscriptions, finalSubscriptions) = ([:], [])
        (owing, late, unasked, acted) = ([], [], [], [])
        graceUntil = isUnsure ? graceEnd : graceUntil.map { max($0, graceEnd) }
        if mayLeaveAsVeto { leaveAsVeto(until: graceEnd) }
        guard isAsked, answerBy < graceEnd, isDeath || !isProlonged else { return }
        answerBy = graceEnd
        isProlonged = isProlonged || !isDeath
    }

    /// Of several processes only the one whose deferral ends last lifts it.
    private mutating func noteKeeper() {
        let last = deferrals.values.max()
        let peers = deferrals.filter { $0.value == last }.keys
        if peers.contains(nil) { return }
        let owners = subscriptions.values.filter { peers.contains($0.stream.peer) }
        keeper = processes.count > 1 ? owners.map(\.process).min() : nil
    }
}
