// SPDX-License-Identifier: Apache-2.0

// Going on after a death of the broker.

/// What a broker had written down of its negotiation when it died.
package struct Restored: Sendable {
    /// One in the phase `ended` had posts that may not have left: its components are owed them.
    package var updates: [DeploymentID: Update] = [:]
    /// Oldest first.
    package var ended: [(id: DeploymentID, end: Ended)] = []
    package var owed: [ComponentName: [OwedPost]] = [:]
    /// With the number of processes of each.
    package var subscribers: [ComponentName: Int] = [:]
    package var connections = KeptConnections()
    /// How long the device was suspended since.
    package var slept: Duration = .zero

    package init() {}
}

/// The connections that outlived the broker: what the negotiation has to know of them.
package struct KeptConnections: Sendable {
    package var peers: Set<PeerID> = []
    package var subscriptions: [Subscription] = []

    package init() {}
}

extension Negotiation {
    /// A negotiation that goes on where another one ended, as if it had handled `restarted`. The
    /// connections that outlived the broker are as they were.
    package init(settings: Settings, restoring restored: Restored, at now: Instant) {
        self.init(settings: settings)
        for (id, end) in restored.ended {
            endedUpdates.remember(id, end, limit: settings.maximumEnded)
        }
        owedPosts = OwedPosts(restored.owed)
        for (id, update) in restored.updates {
            if case .ended = update.phase { departing[id] = update } else { updates[id] = update }
            addRivals(of: id)
        }
        // What was written down is settled: nothing follows from it before the first event.
        for place in updates.places {
            _ = claims.note(updates.names[place], updates[at: place].claim)
        }
        for place in updates.places { updates[at: place].holders = holders(at: place) }
        let subscribers = restored.subscribers.sorted { $0.key < $1.key }
        returning.expect(subscribers.map { (name: $0.key, processes: $0.value) }, until: now)
        reinstate(restored.connections)
        if restored.slept > .zero { _ = handle(.slept(restored.slept), at: now) }
        restart(keeping: restored.connections.peers, at: now)
    }

    private mutating func reinstate(_ connections: KeptConnections) {
        for subscription in connections.subscriptions {
            let name = subscription.component
            let known = (subscriptions[name] ?? []) + [subscription]
            subscriptions[name] = known
            returning.note(name, known.processCount)
        }
        for place in updates.places { updates[at: place].reinstate(subscriptions) }
    }

    /// As `restarted`, but for the connections that outlived the broker.
    package mutating func restart(keeping peers: Set<PeerID>, at now: Instant) {
        var handling = Handling(now: now, settings: settings)
        restart(keeping: peers, &handling)
        settleRivals(&handling)
    }

    /// The other connections are lost. What was on its way may not have left, and is owed. What
    /// stays is sorted, as of a negotiation that was restored.
    mutating func restart(keeping peers: Set<PeerID> = [], _ handling: inout Handling) {
        let graceEnd = handling.now + handling.settings.reconnectGrace
        let known = subscriptions
        subscriptions = SortedMap()
        for name in known.names {
            let left = known[name]?.filter { peers.contains($0.stream.peer) } ?? []
            if !left.isEmpty { subscriptions[name] = left.sorted { $0.stream < $1.stream } }
        }
        let counts = known.names.map { (name: $0, processes: known[$0]?.processCount ?? 0) }
        let lost = counts.filter { subscriptions[$0.name]?.processCount ?? 0 < $0.processes }
        returning.expect(lost, until: graceEnd)
        owedPosts.restarted()
        for update in departing.entries {
            guard case .ended(let end) = update.phase else { continue }
            owedPosts.owe(afterDeathIn: update, end, &handling)
            handling.note(.update(update.id))
        }
        departing = SortedMap()
        let left = subscriptions
        forEachUpdate(&handling) { $0.restarted(keeping: peers, left, &$1) }
    }

    /// What was to be sent has been handed to the sockets: the posts among it are owed no more.
    mutating func sent(_ handling: inout Handling) {
        for id in departing.names { handling.note(.update(id)) }
        departing = SortedMap()
        owedPosts.sent(&handling)
    }

    /// The id is announced again: its old end, and the posts of it, count no more.
    mutating func forget(_ id: DeploymentID, _ handling: inout Handling) {
        if endedUpdates.forget(id) { handling.note(.ended(id)) }
        owedPosts.forget(id, &handling)
        guard let update = departing[id] else { return }
        departing[id] = nil
        for name in update.participants.names { handling.note(.participant(id, name)) }
    }
}
