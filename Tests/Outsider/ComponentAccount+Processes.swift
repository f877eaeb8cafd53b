// SPDX-License-Identifier: Apache-2.0

import Negotiation

// What the processes of a component have said.

extension ComponentAccount {
    mutating func agree(_ answer: Answer, at now: Instant) {
        let process = answer.process
        let isFinal = finalRound != nil && answer.round == finalRound
        let isDeferring = state == .deferred
        replaceDeferral(of: answer, with: nil)
        if finalRound != nil, confirms(process), !isFinal, !isDeferring {
            // It could, and a subscription that acts on a final notice was sent none: one follows.
            let isUnasked = subscriptions.values.contains {
                $0.confirm && !finalSubscriptions.contains($0.stream)
            }
            if isOut, isUnasked, !hadFinalCall { isOpen = false }
            return
        }
        owing.remove(process)
        late.remove(process)
        unasked.remove(process)
        if isFinal { acted.insert(process) }
        let stands = holds(at: now) || isVeto && subscriptions.isEmpty
        if !isOfSeveral {
            // Without a subscription it does not speak for those that are away.
            let speaksForItself = stands && subscriptions.isEmpty
            owing = speaksForItself ? owing.intersection(away.keys) : []
            (late, unasked) = ([], [])
        }
        if stands {
            if holds(at: now) { isOpen = false }
            return
        }
        if isOfSeveral {
            // It speaks for itself alone.
            if graceUntil != nil { return }
            if isOut, !processes.contains(process) { return }
            if isDeferring, !unasked.isDisjoint(with: liveProcesses) { return }
            let owed = owing.union(unasked.intersection(away.keys))
            let isWhole = owed.isDisjoint(with: processes) && !isExpecting
            if !isOut, !isReady, !isWhole, answerBy > now {
                isOpen = true
                return
            }
            if !isDeferring, !isWhole, finalRound != nil, !allActed {
                isOut = true
                return
            }
            // It lifts its own deferral alone: none that is subscribed has agreed.
            if !isReady, heard.subtracting(unasked).isEmpty {
                (isOut, isOpen) = (true, true)
                return
            }
        }
        agree()
        hasFinalWord = hasFinalWord || (isOfSeveral ? allActed && confirms : isFinal)
    }

    /// Those that have a say.
    var processes: Set<Int32> {
        subscriptions.isEmpty ? [] : liveProcesses.union(away.keys)
    }
    var liveProcesses: Set<Int32> { Set(subscriptions.values.map(\.process)) }
    private var presentCount: Int { liveProcesses.union(away.keys).count }

    /// The processes that have answered the question.
    var heard: Set<Int32> { processes.subtracting(owing).subtracting(late) }

    /// Whether each process that acts on a final notice has.
    var allActed: Bool {
        subscriptions.values.allSatisfy { !$0.confirm || acted.contains($0.process) }
            && away.allSatisfy { !$0.value.confirms || acted.contains($0.key) }
    }

    /// A process acts on a final notice, or it has no subscription, and the component does.
    private func confirms(_ process: Int32) -> Bool {
        let own = subscriptions.values.filter { $0.process == process }
        if let one = away[process] { return one.confirms }
        return own.isEmpty ? confirms : own.contains { $0.confirm }
    }

    mutating func replaceDeferral(of answer: Answer, with end: Instant?) {
        if keeper == nil || keeper == answer.process { (deferrals[nil], keeper) = (nil, nil) }
        deferrals[answer.request.peer] = end
    }

    /// Subscriptions have ended: a process without one is not waited for.
    mutating func part(from before: Set<Int32>) {
        let left = processes
        if let process = keeper, before.contains(process), !left.contains(process) { keeper = nil }
        (owing, unasked) = (owing.intersection(left), unasked.intersection(left))
        (late, acted) = (late.intersection(left), acted.intersection(left))
        if left.isEmpty { oweAgain() }
        guard state == .asked || isReady, !left.isEmpty, owing.isEmpty, !isExpecting,
            unasked.isDisjoint(with: away.keys)
        else { return }
        if late == left {
            (isReady, isOut, isOpen) = (false, true, true)
        } else if !isReady {
            agree()
            hasFinalWord = confirms && allActed
        }
    }

    var isOfSeveral: Bool { processes.count > 1 || isExpecting }

    /// Fewer processes are there than before a death of the broker, which matters while it blocks.
    var isExpecting: Bool {
        let isWaiting = state == .asked || state == .deferred || state == .away
        return isWaiting && expected > presentCount
    }

    /// With those that are awaited.
    var expectedCount: Int { max(presentCount, isExpecting ? expected : 0) }

    mutating func expect(_ count: Int, until end: Instant) {
        (expected, expectedUntil) = (count, end)
        if !isExpecting { expected = 0 }
        if isExpecting, state != .away { answerBy = max(answerBy, end) }
    }

    /// Those that are back had to answer, and the others had time to return.
    mutating func expectNone() {
        let wasExpecting = isExpecting
        (expected, expectedUntil) = (0, nil)
        let isWhole = !processes.isEmpty && owing.isDisjoint(with: processes)
        guard wasExpecting, state == .asked, isWhole, !heard.isEmpty else { return }
        agree()
        hasFinalWord = hasFinalWord || confirms && allActed
    }

    /// Of several processes only the one whose deferral ends last lifts it.
    mutating func noteKeeper() {
        let last = deferrals.values.max()
        let peers = deferrals.filter { $0.value == last }.keys
        if peers.contains(nil) { return }
        let owners = subscriptions.values.filter { peers.contains($0.stream.peer) }
        keeper = isOfSeveral ? owners.map(\.process).min() : nil
    }
}
