// SPDX-License-Identifier: Apache-2.0

import Negotiation

/// The components that were subscribed when the broker died, with how many processes, and until
/// when they may return.
struct ReturningAccount: Hashable, Sendable {
    private(set) var processes: [ComponentName: Int] = [:]
    private(set) var until = Instant(sinceBoot: .zero)

    var names: Set<ComponentName> { Set(processes.keys) }

    /// To be called before the subscriptions are changed by the event.
    mutating func hear(
        _ event: Event,
        _ subscriptions: some Sequence<Subscription>,
        _ settings: Settings,
        at now: Instant
    ) {
        switch event {
        case .subscribed(let one):
            let there = Self.count(subscriptions)[one.component, default: []]
            let isWhole = there.union([one.process]).count >= processes[one.component, default: 0]
            if isWhole { processes[one.component] = nil }
        case .lost(let peer, let name):
            let left = subscriptions.filter { $0.component == name && $0.stream.peer != peer }
            let own = subscriptions.filter { $0.component == name }
            guard left.isEmpty, !own.isEmpty else { return }
            expect(own, until: now + settings.reconnectGrace)
        case .restarted: expect(subscriptions, until: now + settings.reconnectGrace)
        case .slept(let asleep): until = until + asleep
        case .timePassed: if until <= now { processes = [:] }
        default: break
        }
    }

    private mutating func expect(_ lost: some Sequence<Subscription>, until end: Instant) {
        for (name, lost) in Self.count(lost) {
            processes[name] = max(lost.count, processes[name, default: 0])
        }
        until = end
    }

    private static func count(
        _ subscriptions: some Sequence<Subscription>
    ) -> [ComponentName: Set<Int32>] {
        Dictionary(grouping: subscriptions, by: \.component).mapValues { Set($0.map(\.process)) }
    }
}
