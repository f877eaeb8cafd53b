// SPDX-License-Identifier: Apache-2.0

import Reprieve
import ReprieveTesting

let camera = "com.example.Camera"
let robot = "com.example.Robot"

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
