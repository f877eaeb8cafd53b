// SPDX-License-Identifier: Apache-2.0

import Negotiation

// What a component keeps of a connection that is over.

struct Away: Hashable, Sendable {
    var until: Instant
    var confirms: Bool
}

extension ComponentAccount {
    mutating func close(_ peer: PeerID) {
        guard let word = deferrals.removeValue(forKey: peer) else { return }
        deferrals[nil] = max(word, deferrals[nil] ?? word)
    }

    /// Its connections are lost through no fault of its own.
    mutating func loseConnections(until graceEnd: Instant, isDeath: Bool) {
        noteKeeper()
        let count = expectedCount
        for peer in deferrals.keys { peer.map { close($0) } }
        let isUnsure = isReady && confirms && !hasFinalWord
        let isAsked = isOpen && blocks && !isOut && graceUntil == nil
        let mayLeaveAsVeto = isReady && graceUntil == nil
        let isOfSeveral = isOfSeveral
        let isDeferred = isOfSeveral && state == .deferred
        for one in subscriptions.values { note(away: one, until: graceEnd) }
        if isDeath || !isOfSeveral { away = [:] }
        (subscriptions, finalSubscriptions) = ([:], [])
        (late, unasked, acted) = ([], [], [])
        graceUntil = isUnsure ? graceEnd : graceUntil.map { max($0, graceEnd) }
        if mayLeaveAsVeto { leaveAsVeto(until: graceEnd) }
        oweAgain()
        guard isDeath else {
            if isAsked || isDeferred { prolong(until: graceEnd) }
            return
        }
        if isAsked { answerBy = max(answerBy, graceEnd) }
        expect(count > 1 ? count : 0, until: graceEnd)
    }

    /// The upstream ended one of its connections: the process may be back.
    mutating func loseOne(_ peer: PeerID, until graceEnd: Instant, at now: Instant) {
        let lost = subscriptions.values.filter { $0.stream.peer == peer }
        guard let process = lost.first?.process else { return close(peer) }
        if isOfSeveral, let end = deferrals[peer], end > now { keeper = process }
        close(peer)
        let isWaiting = state == .asked || state == .deferred
        subscriptions = subscriptions.filter { $0.key.peer != peer }
        guard !liveProcesses.contains(process) else { return }
        for one in lost { note(away: one, until: graceEnd) }
        let isUnsaid = owing.union(unasked).union(late).contains(process)
        if isWaiting, isUnsaid { prolong(until: graceEnd) }
    }

    private mutating func note(away one: Subscription, until end: Instant) {
        let confirms = one.confirm || away[one.process]?.confirms ?? false
        away[one.process] = Away(until: end, confirms: confirms)
    }

    /// An upstream that ends connections again and again prolongs a question once.
    private mutating func prolong(until graceEnd: Instant) {
        guard !isProlonged, answerBy < graceEnd else { return }
        (answerBy, isProlonged) = (graceEnd, true)
    }

    /// No process is there: what those said that may be back counts no more, but for a consent of
    /// all.
    mutating func oweAgain() {
        (late, unasked, acted) = ([], [], [])
        owing = isReady && graceUntil == nil ? [] : Set(away.keys)
    }

    /// A process is back: it is another one to what it had said.
    mutating func welcomeBack(_ process: Int32) {
        guard away.removeValue(forKey: process) != nil else { return }
        owing.remove(process)
        late.remove(process)
        unasked.remove(process)
        acted.remove(process)
    }

    /// Those are waited for no longer that had their time.
    mutating func endAway(at now: Instant) {
        guard away.values.contains(where: { $0.until <= now }) else { return }
        let (before, known) = (processes, keeper)
        away = away.filter { $0.value.until > now }
        part(from: before)
        keeper = known
    }

    /// A question to others is one to those that are away: to those that must be asked, and finally
    /// to all that have not acted.
    mutating func askAway(isFinal: Bool) {
        let names = Set(away.keys)
        if isReady, hasFinalWord { acted.formUnion(names) }
        owing.formUnion(isFinal ? names.subtracting(acted) : unasked.intersection(names))
        unasked.subtract(names)
        late.subtract(owing)
    }

    /// All that can be asked have said that they are ready, and others are away that have not.
    var waitsForAwayAlone: Bool {
        guard isOfSeveral, liveProcesses.isDisjoint(with: owing.union(late).union(unasked))
        else { return false }
        return !owing.union(unasked).isDisjoint(with: away.keys)
    }
}
