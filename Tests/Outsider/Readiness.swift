// SPDX-License-Identifier: Apache-2.0

package import Negotiation

// Who need not be asked again, because it has been asked before.

extension Ledger {
    package var hasEars: Bool { !ears.isEmpty }

    package func hears(_ stream: StreamID) -> Bool { ears[stream] != nil }

    /// The subscriptions that have acknowledged a released update for good and have not ended.
    package func readySubscriptions(in counts: (UpdateRequest) -> Bool) -> Set<StreamID> {
        let released = lives.values.filter { counts($0.request) }
        return Set(released.flatMap(\.ready)).filter { ears[$0] != nil }
    }

    /// What a subscription comes too late for.
    package func underway(for ear: Subscription, in negotiation: Negotiation) -> [DeploymentID] {
        lives.keys.sorted().filter { id in
            guard let life = lives[id], life.concerns(ear),
                let status = negotiation.updates[id]?.status(at: last)
            else { return false }
            let state = status.participants.first { $0.component == ear.component }?.state
            return status.isReleased || state == .overridden
        }
    }
}

extension Life {
    /// Whoever has acknowledged when the gate opens, and acted where it acts on a final notice.
    mutating func noteReady(_ entry: Ledger.Entry, _ ears: [StreamID: Subscription]) {
        let id = request.deploymentID
        guard entry.before.updates[id]?.release == nil,
            let status = entry.after.updates[id]?.status(at: entry.now), status.isReleased
        else { return }
        let names = status.participants.filter { $0.state == .acknowledged }.map(\.component)
        for name in names {
            let own = ears.values.filter { $0.component == name && concerns($0) }
            let isConfirm = own.contains(where: \.confirm)
            if !isConfirm || sure.contains(name) { ready.formUnion(own.map(\.stream)) }
        }
    }
}
