// SPDX-License-Identifier: Apache-2.0

// What the components of one unit share. A process in a unit can claim any number of names in it,
// and a user can start any number of processes: another name is not another share.

extension ComponentName {
    /// "till/" of "till/com.example.Camera"; nil for a name without a unit.
    var unitPrefix: String? {
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
        let counts = updates.entries.map { update in
            update.participants[name] == nil && update.isWaiting
                ? update.participants.places(startingWith: prefix).count : 0
        }
        let most = max(places.count, counts.max() ?? 0)
        guard most >= settings.maximumComponentsOfUnit else { return nil }
        return .tooManyComponents(most, of: String(prefix.dropLast()))
    }
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
