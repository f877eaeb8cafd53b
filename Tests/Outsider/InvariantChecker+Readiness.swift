// SPDX-License-Identifier: Apache-2.0

package import Negotiation

// Subscriptions that need not be asked again, because they acknowledged before.

extension InvariantChecker {
    package var hasSubscribers: Bool { !subscriptions.isEmpty || !returning.names.isEmpty }

    /// Of these, those of components that have no veto.
    package func withoutVetoes(_ streams: Set<StreamID>) -> Set<StreamID> {
        streams.filter { stream in
            guard let name = subscriptions[stream]?.component else { return true }
            return !settings.rules.vetoes.contains { name.meets($0, settings.rules) }
        }
    }

    package func isSubscribed(_ stream: StreamID) -> Bool { subscriptions[stream] != nil }

    /// The subscriptions that have acknowledged a released update for good and have not ended.
    package func readySubscriptions(in counts: (UpdateRequest) -> Bool) -> Set<StreamID> {
        let released = histories.values.filter { counts($0.request) }
        return Set(released.flatMap(\.ready)).filter { subscriptions[$0] != nil }
    }
}

extension UpdateHistory {
    /// Notes which subscriptions have acknowledged when the gate opens, and acted where they act on
    /// a final notice.
    mutating func noteReady(_ transition: Transition, _ subscriptions: [StreamID: Subscription]) {
        let id = request.deploymentID
        guard transition.before.updates[id]?.opening == nil,
            let status = transition.after.updates[id]?.status(at: transition.now), status.isReleased
        else { return }
        let names = status.participants.filter { $0.state == .acknowledged }.map(\.component)
        for name in names {
            let own = subscriptions.values.filter { $0.component == name && concerns($0) }
            if own.allSatisfy(isSure) { ready.formUnion(own.map(\.stream)) }
        }
    }
}
