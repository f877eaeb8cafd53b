// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// The sequences of `Updates.subscriptions` that are being iterated.
struct SubscriptionListeners {
    typealias Listener = AsyncStream<[String]>.Continuation

    private var listeners: [Int: Listener] = [:]
    /// What the broker said at the latest subscription, until it is lost.
    private var current: [String]?

    /// Returns those that are to be told.
    mutating func publish(_ underway: [String]) -> [Listener] {
        current = underway
        return Array(listeners.values)
    }

    mutating func hungUp() {
        current = nil
    }

    /// The listener is a new one, for which no task waits yet.
    mutating func add(_ listener: Listener, as number: Int) {
        listeners[number] = listener
        if let current { listener.yield(current) }
    }

    mutating func remove(_ listener: Int) {
        listeners[listener] = nil
    }
}

extension Participation {
    func subscriptions() -> AsyncStream<[String]> {
        let (subscriptions, listener) = AsyncStream.makeStream(
            of: [String].self,
            bufferingPolicy: .bufferingNewest(1)
        )
        let number = nextNumber()
        state.withLock { $0.subscriptions.add(listener, as: number) }
        listener.onTermination = { [weak self] _ in
            self?.state.withLock { $0.subscriptions.remove(number) }
        }
        return subscriptions
    }

    func publishSubscription(_ underway: [String]) {
        let listeners = state.withLock { $0.subscriptions.publish(underway) }
        for listener in listeners { listener.yield(underway) }
    }
}
