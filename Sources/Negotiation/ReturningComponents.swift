// SPDX-License-Identifier: Apache-2.0

/// The components that were subscribed when the broker died, and have not come back yet. They take
/// part in new updates until their time is over: a restart of the broker is not absence.
struct ReturningComponents: Hashable, Sendable {
    /// Sorted.
    private(set) var names: [ComponentName] = []
    /// When those that are not back count as absent; nil while none is missing.
    private(set) var until: Instant?

    func expects(_ name: ComponentName) -> Bool { names.sortedPlace(of: name) != nil }

    mutating func expect(_ more: some Sequence<ComponentName>, until end: Instant) {
        for name in more {
            let place = names.lowestPlace(notBefore: name)
            if place == names.count || names[place] != name { names.insert(name, at: place) }
        }
        until = names.isEmpty ? nil : end
    }

    /// Returns whether the component was expected.
    mutating func remove(_ name: ComponentName) -> Bool {
        guard let index = names.sortedPlace(of: name) else { return false }
        names.remove(at: index)
        if names.isEmpty { until = nil }
        return true
    }

    /// Takes those whose time is over.
    mutating func takeMissing(at now: Instant) -> [ComponentName] {
        guard let until, until <= now else { return [] }
        defer { self = ReturningComponents() }
        return names
    }

    mutating func slept(_ asleep: Duration) { until = until.map { $0 + asleep } }
}
