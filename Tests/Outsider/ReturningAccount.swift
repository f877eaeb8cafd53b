// SPDX-License-Identifier: Apache-2.0

import Negotiation

/// The components that were subscribed when the broker died, and until when they may return.
struct ReturningAccount: Hashable, Sendable {
    private(set) var names: Set<ComponentName> = []
    private(set) var until = Instant(sinceBoot: .zero)

    /// To be called before the subscriptions are changed by the event.
    mutating func hear(
        _ event: Event,
        _ subscriptions: some Sequence<Subscription>,
        _ settings: Settings,
        at now: Instant
    ) {
        switch event {
        case .subscribed(let one): names.remove(one.component)
        case .lost(let peer, let name):
            let left = subscriptions.filter { $0.component == name && $0.stream.peer != peer }
            guard left.isEmpty, subscriptions.contains(where: { $0.component == name }) else {
                return
            }
            names.insert(name)
            until = now + settings.reconnectGrace
        case .restarted:
            names.formUnion(subscriptions.map(\.component))
            until = now + settings.reconnectGrace
        case .slept(let asleep): until = until + asleep
        case .timePassed: if until <= now { names = [] }
        default: break
        }
    }
}
