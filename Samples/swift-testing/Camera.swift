// SPDX-License-Identifier: Apache-2.0

import Reprieve

/// A component that must not be interrupted while it records.
actor Camera {
    private let updates: Updates
    private var isRecording = false
    private(set) var isPaused = false

    init(updates: Updates) { self.updates = updates }

    func run() async throws {
        async let _: Void = updates.run()
        try await updates.answer { _ in await self.answer() }
    }

    func record() { isRecording = true }

    func stop() {
        isRecording = false
        updates.reconsider()
    }

    private func answer() -> Answer {
        guard !isRecording else { return .defer(for: .seconds(30), because: "recording") }
        return .acknowledge(whenFinal: { await self.pause() }, then: { _ in await self.resume() })
    }

    private func pause() { isPaused = true }

    private func resume() { isPaused = false }
}
