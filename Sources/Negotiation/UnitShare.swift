// SPDX-License-Identifier: Apache-2.0

// What the components of one unit share. A process in a unit can claim any number of names in it,
// and a user can start any number of processes: another name is not another share.

extension ComponentName {
    /// "till/" of "till/com.example.Camera"; nil for a name without a unit.
    package var unitPrefix: String? {
        guard let slash = utf8.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        return String(self[...slash])
    }
}

extension Negotiation {
    /// Why a further subscription is refused; nil if it is not.
    package func whyTooMany(_ subscription: Subscription) -> Refusal? {
        let name = subscription.component
        let known = subscriptions[name]?.count ?? 0
        guard known < settings.maximumSubscriptions else {
            return .tooManySubscriptions(known, of: name)
        }
        guard let prefix = name.unitPrefix else { return nil }
        let places = subscriptions.places(startingWith: prefix)
        let ofUnit = subscriptions.entries[places].reduce(0) { $0 + $1.count }
        guard ofUnit < settings.maximumSubscriptionsOfUnit else {
            return .tooManySubscriptions(ofUnit, of: String(prefix.dropLast()))
        }
        guard known == 0 else { return nil }
        let most = components(startingWith: prefix) { $0.participants[name] == nil }
        guard most >= settings.maximumComponentsOfUnit else { return nil }
        return .tooManyComponents(most, of: String(prefix.dropLast()))
    }

    /// Components whose names start with a unit's prefix, and that count for its limit.
    package func components(startingWith prefix: String) -> Int {
        components(startingWith: prefix) { _ in true }
    }

    /// Those that are subscribed, or those that take part in the waiting update with the most.
    private func components(startingWith prefix: String, in counts: (Update) -> Bool) -> Int {
        let inUpdates = updates.entries.map { update in
            update.isWaiting && counts(update)
                ? update.participants.places(startingWith: prefix).count : 0
        }
        return max(subscriptions.places(startingWith: prefix).count, inUpdates.max() ?? 0)
    }

    /// Components of a unit that posts are owed to.
    package func owedComponents(startingWith prefix: String) -> Int {
        owedPosts.count(startingWith: prefix)
    }

    /// All subscriptions, by the names of their components.
    package var allSubscriptions: [[Subscription]] { subscriptions.entries }
}

extension Update {
    /// How long a component of the same unit has blocked: a component that takes part later starts
    /// with that.
    func blocked(byUnitOf name: ComponentName, at now: Instant) -> Duration {
        guard let prefix = name.unitPrefix else { return .zero }
        let places = participants.places(startingWith: prefix)
        return participants.entries[places].map { $0.blocked(at: now) }.max() ?? .zero
    }
}
