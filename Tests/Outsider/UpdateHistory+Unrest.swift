// SPDX-License-Identifier: Apache-2.0

import Negotiation

// How often a component is asked finally because others broke a final asking.

extension UpdateHistory {
    /// 2: a component that acts on a final notice is sent no more final questions than an update
    /// has final askings, and one for each that it brought about itself. So does each death of the
    /// broker, after which it subscribes again.
    mutating func objectToUnrest(
        _ transition: Transition,
        _ subscriptions: [StreamID: Subscription],
        _ settings: Settings
    ) -> [String] {
        noteOwnFinals(transition, subscriptions)
        var objections: [String] = []
        var counted: Set<ComponentName> = []
        for case .notify(let stream, let notice) in transition.actions
        where notice.deploymentID == request.deploymentID && notice.final && !notice.lastCall {
            guard let one = subscriptions[stream], one.confirm,
                counted.insert(one.component).inserted
            else { continue }
            finalCounts[one.component, default: 0] += 1
            let own = ownFinals[one.component, default: 0] + restarts + interruptions
            if finalCounts[one.component, default: 0] > settings.maximumFinalAskings + own {
                objections.append("2: \(one.component) was asked finally too often")
            }
        }
        return objections
    }

    /// A deferral takes back all final words. In the last final asking it takes back those of its
    /// own component, if others would have to go back to work.
    mutating func hearDeferral(
        _ transition: Transition,
        _ subscriptions: [StreamID: Subscription],
        _ settings: Settings
    ) {
        guard case .answered(let answer) = transition.event else { return }
        endFinalAsking(transition, subscriptions, settings, by: answer.component)
    }

    mutating func endFinalAsking(
        _ transition: Transition,
        _ subscriptions: [StreamID: Subscription],
        _ settings: Settings,
        by name: ComponentName
    ) {
        finalAskingSince = nil
        let own = finals.filter { subscriptions[$0]?.component == name }
        let others = finals.subtracting(own)
        let isBreak = others.contains { subscriptions[$0]?.confirm ?? false }
        if isBreak, breaks + 1 >= settings.maximumFinalAskings {
            // Only the words of components that act on a final notice stand.
            let acting = Set(subscriptions.values.filter(\.confirm).map(\.component))
                .subtracting([name])
            finals = others.filter { stream in
                subscriptions[stream].map { acting.contains($0.component) } ?? false
            }
            finalRounds = finalRounds.filter { acting.contains($0.key) }
            sure[name] = nil
        } else {
            takeWordsBack(transition, by: name)
            if isBreak { breaks += 1 }
        }
    }

    private mutating func noteOwnFinals(
        _ transition: Transition,
        _ subscriptions: [StreamID: Subscription]
    ) {
        for one in subscriptions.values where freed.contains(one.process) {
            ownFinals[one.component, default: 0] += 1
        }
        switch transition.event {
        case .answered(let answer)
        where answer.deploymentID == request.deploymentID && answer.deferral > .zero:
            ownFinals[answer.component, default: 0] += 1
        case .subscribed(let one): ownFinals[one.component, default: 0] += 1
        default: break
        }
    }
}
