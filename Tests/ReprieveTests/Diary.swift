// SPDX-License-Identifier: Apache-2.0

import Reprieve
import ReprieveTesting
import Synchronization

let camera = "com.example.Camera"
let robot = "com.example.Robot"

/// What a component under test did, in order.
final class Diary: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func note(_ line: String) {
        lines.withLock { $0.append(line) }
    }
}

/// Something to wait for, until the test says so.
final class Signal: Sendable {
    private let waiting = AsyncStream<Void>.makeStream()

    func give() {
        waiting.continuation.finish()
    }

    func wait() async {
        for await _ in waiting.stream {}
    }
}

extension TestBroker {
    /// Runs `body` while a component takes part.
    func with<Result>(
        _ component: String,
        answer: (@Sendable (Notice) async -> Answer)? = nil,
        _ body: (Updates) async throws -> Result
    ) async throws -> Result {
        let updates = updates(for: component)
        async let _: Void = updates.run()
        async let _: Void = answers(updates, answer)
        return try await body(updates)
    }

    private func answers(
        _ updates: Updates,
        _ answer: (@Sendable (Notice) async -> Answer)?
    ) async throws {
        if let answer { try await updates.answer(answer) }
    }
}
