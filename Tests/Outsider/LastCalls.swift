// SPDX-License-Identifier: Apache-2.0

import Negotiation

// What is said before a cap: to whom, and when.

extension Life {
    mutating func objectToLastCalls(
        _ entry: Ledger.Entry,
        _ ears: [StreamID: Subscription]
    ) -> [String] {
        let id = request.deploymentID
        let isForced =
            entry.before.updates[id]?.isWaiting ?? false
            && entry.after.updates[id]?.release?.basis == .forced
        var objections: [String] = []
        for case .notify(let stream, let notice) in entry.actions
        where notice.deploymentID == id && notice.lastCall {
            guard let name = ears[stream]?.component else { continue }
            if notice.final { called.insert(stream) } else { warned.insert(name) }
            let isEarly = notice.final ? entry.now < callAt : budgetLeft(name) > budgetLead
            if isEarly, !isForced, sleeps == 0 { objections.append("a last call came early") }
        }
        if isForced { objections += objectToForce(entry, ears) }
        let isWaiting = entry.after.updates[id]?.isWaiting ?? false
        return objections + (isWaiting ? objectToMissedCalls(entry, ears) : [])
    }

    private func objectToForce(
        _ entry: Ledger.Entry,
        _ ears: [StreamID: Subscription]
    ) -> [String] {
        let id = request.deploymentID
        let called = entry.actions.compactMap { action -> StreamID? in
            guard case .notify(let stream, let notice) = action else { return nil }
            return notice.lastCall && notice.respondBy == .zero ? stream : nil
        }
        let blockers = entry.before.updates[id]?.blockers ?? []
        let missed = ears.values.contains { ear in
            concerns(ear) && blockers.contains(ear.component) && !called.contains(ear.stream)
        }
        let release = entry.after.updates[id]?.release
        let before = entry.before.updates[id]?.participants ?? Roll()
        let isMisjudged = before.names.contains { name in
            switch (entry.event, before[name]?.state) {
            case (.forced, .asked): release?.silent.contains(name) == false
            case (.forced, .deferred): release?.overridden.contains(name) == false
            default: false
            }
        }
        return (missed ? ["force gave somebody no last call"] : [])
            + (isMisjudged ? ["force took a question for a deferral, or the reverse"] : [])
    }

    private func objectToMissedCalls(
        _ entry: Ledger.Entry,
        _ ears: [StreamID: Subscription]
    ) -> [String] {
        guard entry.event == .timePassed else { return [] }
        return ears.values.filter(concerns).flatMap { ear -> [String] in
            let left = budgetLeft(ear.component)
            let isDue =
                sleeps == 0 && blockers.contains(ear.component) && left <= budgetLead
                && entry.now + left < deadline
            let isUnwarned = isDue && !warned.contains(ear.component)
            let isUncalled = callAt <= entry.now && !called.contains(ear.stream)
            return (isUnwarned ? ["no last call before \(ear.component)'s budget ends"] : [])
                + (isUncalled ? ["no last call before the deadline"] : [])
        }
    }

    private var budgetLead: Duration { min(policy.responseTimeout, policy.maxTotalDefer / 2) }

    private func budgetLeft(_ name: ComponentName) -> Duration {
        policy.maxTotalDefer - used[name, default: .zero]
    }
}
