// SPDX-License-Identifier: Apache-2.0

// What the components of one unit share. A process in a unit can claim any number of names in it,
// and a user can start any number of processes: another name is not another share.

extension ComponentName {
    /// "till/" of "till/com.example.Camera"; nil for a name without a unit.
    package var unitPrefix: String? {
        let bytes = utf8.span
        for place in bytes.indices where bytes[place] == UInt8(ascii: "/") {
            return String(utf8.prefix(place + 1))
        }
        return nil
    }
}

/// Places of components.
extension [Int] {
    /// Components of a unit that come first, whatever order they are in.
    private static var shareOfUnit: Int { 8 }

    /// The same, but the components of a unit that exceed its share come behind all others: where
    /// a list has no room for all, one unit cannot take it.
    package func sharedAmongUnits(_ name: (Int) -> ComponentName) -> [Int] {
        var counts: [String: Int] = [:]
        var beyond: Set<Int> = []
        for place in self {
            guard let unit = name(place).unitPrefix else { continue }
            let count = counts[unit, default: 0] + 1
            counts[unit] = count
            if count > Self.shareOfUnit { beyond.insert(place) }
        }
        guard !beyond.isEmpty else { return self }
        return filter { !beyond.contains($0) } + filter { beyond.contains($0) }
    }
}

/// What the components of one unit use together.
package struct UnitUsage: Hashable, Sendable {
    /// Those that are subscribed, or those that take part in one update, whichever are more.
    package var components = 0
    /// Those that posts are owed to.
    package var owed = 0

    package init() {}
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

    /// Components that are subscribed, or those that take part in the waiting update with the most.
    private func components(startingWith prefix: String, in counts: (Update) -> Bool) -> Int {
        let inUpdates = updates.entries.map { update in
            update.isWaiting && counts(update)
                ? update.participants.places(startingWith: prefix).count : 0
        }
        return max(subscriptions.places(startingWith: prefix).count, inUpdates.max() ?? 0)
    }

    /// What each unit uses, by its prefix. Each name is looked at once, so that many units cost no
    /// more than their names.
    package var unitUsages: [String: UnitUsage] {
        var usages: [String: UnitUsage] = [:]
        let inUpdates = updates.entries.filter(\.isWaiting).map(\.participants.names)
        for names in [subscriptions.names] + inUpdates {
            for (prefix, count) in counts(of: names) {
                let most = usages[prefix]?.components ?? 0
                usages[prefix, default: UnitUsage()].components = max(most, count)
            }
        }
        for (prefix, count) in counts(of: owedPosts.waitingComponents) {
            usages[prefix, default: UnitUsage()].owed = count
        }
        return usages
    }

    /// How many of the names each prefix has.
    private func counts(of names: some Sequence<ComponentName>) -> [String: Int] {
        names.reduce(into: [:]) { counts, name in
            if let prefix = name.unitPrefix { counts[prefix, default: 0] += 1 }
        }
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
