// SPDX-License-Identifier: Apache-2.0

import Negotiation

// The last calls before a cap: to whom, and when.

extension UpdateHistory {
    mutating func objectToLastCalls(
        _ transition: Transition,
        _ subscriptions: [StreamID: Subscription]
    ) -> [String] {
        let id = request.deploymentID
        let isForced =
            transition.before.updates[id]?.isWaiting ?? false
            && transition.after.updates[id]?.opening?.basis == .forced
        var objections: [String] = []
        for case .notify(let stream, let notice) in transition.actions
        where notice.deploymentID == id && notice.lastCall {
            guard let name = subscriptions[stream]?.component else { continue }
            if notice.final { called.insert(stream) } else { warned.insert(name) }
            let left = budgetLeft(name, transition)
            let isEarly = notice.final ? transition.now < callAt : left > budgetLead(name)
            if isEarly, !isForced, sleeps == 0 { objections.append("a last call came early") }
        }
        if isForced { objections += objectToForce(transition, subscriptions) }
        let isWaiting = transition.after.updates[id]?.isWaiting ?? false
        return objections + (isWaiting ? objectToMissedCalls(transition, subscriptions) : [])
    }

    private func objectToForce(
        _ transition: Transition,
        _ subscriptions: [StreamID: Subscription]
    ) -> [String] {
        let id = request.deploymentID
        let called = transition.actions.compactMap { action -> StreamID? in
            guard case .notify(let stream, let notice) = action else { return nil }
            return notice.lastCall && notice.respondBy == .zero ? stream : nil
        }
        let blockers = transition.before.updates[id]?.blockers ?? []
        let missed = subscriptions.values.contains { subscription in
            concerns(subscription) && blockers.contains(subscription.component)
                && !called.contains(subscription.stream)
        }
        let release = transition.after.updates[id]?.release
        let before = transition.before.updates[id]?.participants ?? SortedMap()
        let isMisjudged = before.names.contains { name in
            switch (transition.event, before[name]?.state) {
            case (.forced, .asked): release?.silent.contains(name) == false
            case (.forced, .deferred): release?.overridden.contains(name) == false
            default: false
            }
        }
        return (missed ? ["force gave somebody no last call"] : [])
            + (isMisjudged ? ["force took a question for a deferral, or the reverse"] : [])
    }

    private func objectToMissedCalls(
        _ transition: Transition,
        _ subscriptions: [StreamID: Subscription]
    ) -> [String] {
        guard transition.event == .timePassed else { return [] }
        return subscriptions.values.filter(concerns).flatMap { subscription -> [String] in
            let left = budgetLeft(subscription.component, transition)
            let isDue =
                sleeps == 0 && blockers.contains(subscription.component)
                && left <= budgetLead(subscription.component)
                && transition.now + left < deadline
            let isUnwarned = isDue && !warned.contains(subscription.component)
            let isUncalled = callAt <= transition.now && !called.contains(subscription.stream)
            return
                (isUnwarned ? ["no last call before \(subscription.component)'s budget ends"] : [])
                + (isUncalled ? ["no last call before the deadline"] : [])
        }
    }

    private func budgetLead(_ name: ComponentName) -> Duration {
        min(policy.responseTimeout, budget(of: name) / 2)
    }

    private func budgetLeft(_ name: ComponentName, _ transition: Transition) -> Duration {
        let status = transition.after.updates[request.deploymentID]?.status(at: transition.now)
        let own = status?.participants.first { $0.component == name }
        return own?.remaining ?? budget(of: name)
    }
}
