// SPDX-License-Identifier: Apache-2.0

import Reprieve
import ReprieveTesting
import Testing

/// A component as its author might write it.
private actor Camera {
    let updates: Updates
    private(set) var isRecording: Bool
    private(set) var history: [String] = []

    init(_ updates: Updates, isRecording: Bool) {
        self.updates = updates
        self.isRecording = isRecording
    }

    func run() async throws {
        try await withThrowingTaskGroup { group in
            group.addTask { await self.updates.run() }
            group.addTask {
                try await self.updates.answer { _ in
                    guard await !self.isRecording else {
                        return .defer(for: .seconds(30), because: "recording")
                    }
                    return .acknowledge(whenFinal: { await self.note("paused") }) { outcome in
                        await self.note(outcome.rawValue)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    func stopRecording() { isRecording = false }

    private func note(_ word: String) { history.append(word) }
}

private let name = "com.example.Camera"

@Suite(.timeLimit(.minutes(1))) struct `A component author's test` {
    let broker = TestBroker()

    @Test func `sees what the component answers, and what it does`() async throws {
        let camera = Camera(broker.updates(for: name), isRecording: true)
        let running = Task { try await camera.run() }
        defer { running.cancel() }
        let gate = await broker.announce("d-42", reason: "nucleus 2.13.0")
        let answer = await gate.answer(of: name)
        #expect(answer == .deferred(for: .seconds(30), because: "recording"))
        #expect(await gate.state == .waiting(for: [name]))

        await camera.stopRecording()
        await broker.advance(by: .seconds(29))
        #expect(await gate.state == .waiting(for: [name]))
        #expect(await camera.history.isEmpty)

        await broker.advance(by: .seconds(1))
        #expect(await gate.state == .released(.consent))
        #expect(await camera.history == ["paused"])

        await gate.complete(.applied)
        #expect(await camera.history == ["paused", "applied"])
    }
}
