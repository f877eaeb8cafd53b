// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What a component under test did, in order.
final class EventLog: Sendable {
    private let events = Mutex<[String]>([])

    var all: [String] { events.withLock { $0 } }

    func note(_ event: String) {
        events.withLock { $0.append(event) }
    }
}

/// Blocks tasks until the test opens it. A cancelled task does not wait.
final class Latch: Sendable {
    private let waiting = AsyncStream<Void>.makeStream()

    func open() {
        waiting.continuation.finish()
    }

    func wait() async {
        for await _ in waiting.stream {}
    }
}
