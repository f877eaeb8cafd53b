// SPDX-License-Identifier: Apache-2.0

// Going on after a death of the broker.

/// What a broker had written down of its negotiation when it died.
package struct Restored: Sendable {
    /// One in the phase `ended` had posts that may not have left: its components are owed them.
    package var updates: [DeploymentID: Update] = [:]
    /// Oldest first.
    package var ended: [(id: DeploymentID, end: Ended)] = []
    package var owed: [ComponentName: [OwedPost]] = [:]
    package var subscribers: Set<ComponentName> = []
    /// How long the device was suspended since.
    package var slept: Duration = .zero

    package init() {}
}

extension Negotiation {
    /// A negotiation that goes on where another one ended, as if it had handled `restarted`.
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
        returning.expect(restored.subscribers, until: now)
        if restored.slept > .zero { _ = handle(.slept(restored.slept), at: now) }
        _ = handle(.restarted, at: now)
    }

    /// The connections are lost. What was on its way may not have left, and is owed.
    mutating func restart(_ handling: inout Handling) {
        let graceEnd = handling.now + handling.settings.reconnectGrace
        returning.expect(subscriptions.names, until: graceEnd)
        subscriptions = SortedMap()
        owedPosts.restarted()
        for update in departing.entries {
            guard case .ended(let end) = update.phase else { continue }
            owedPosts.owe(afterDeathIn: update, end, &handling)
            handling.note(.update(update.id))
        }
        departing = SortedMap()
        forEachUpdate(&handling) { $0.restarted(&$1) }
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
