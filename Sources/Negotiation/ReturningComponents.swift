// SPDX-License-Identifier: Apache-2.0

/// The components that were subscribed when the broker died, and have not come back yet. They take
/// part in new updates until their time is over: a restart of the broker is not absence.
struct ReturningComponents: Hashable, Sendable {
    /// How many processes each had.
    private var processes = SortedMap<Int>()
    /// When those that are not back count as absent; nil while none is missing.
    private(set) var until: Instant?

    /// Sorted.
    var names: [ComponentName] { processes.names }

    /// With how many processes a component is expected.
    func processCount(of name: ComponentName) -> Int { processes[name] ?? 0 }

    mutating func expect(
        _ more: some Sequence<(name: ComponentName, processes: Int)>,
        until end: Instant
    ) {
        for (name, count) in more { processes[name] = max(count, processCount(of: name)) }
        until = processes.isEmpty ? nil : end
    }

    /// A component is there with so many processes.
    mutating func note(_ name: ComponentName, _ count: Int) {
        guard let expected = processes[name], expected <= count else { return }
        processes[name] = nil
        if processes.isEmpty { until = nil }
    }

    /// For a component that had several, and is there with fewer.
    func processes(of name: ComponentName, beside count: Int) -> Participant.Returning? {
        guard let until, let expected = processes[name], expected > max(1, count) else {
            return nil
        }
        return Participant.Returning(processes: expected, until: until)
    }

    /// Takes those whose time is over.
    mutating func takeMissing(at now: Instant) -> [ComponentName] {
        guard let until, until <= now else { return [] }
        defer { self = ReturningComponents() }
        return names
    }

    mutating func slept(_ asleep: Duration) { until = until.map { $0 + asleep } }
}
