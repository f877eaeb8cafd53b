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

        try await gate.complete(.applied)
        #expect(await camera.history == ["paused", "applied"])
    }

    @Test func `can force an update, and see the bases`() async throws {
        let camera = Camera(broker.updates(for: name), isRecording: true)
        let running = Task { try await camera.run() }
        defer { running.cancel() }
        let gate = await broker.announce("d-1")
        #expect(await gate.answer(of: name) != nil)
        try await gate.force(because: "a hole to be closed")
        #expect(await gate.state == .released(.forced))
        let late = await broker.announce("d-2", deadline: .seconds(40))
        await broker.advance(by: .seconds(40))
        #expect(await late.state == .released(.deadline))
        #expect(await gate.answer(of: name) == nil)
    }

    @Test func `waits for a component that has not come yet, but not for ever`() async throws {
        _ = broker.updates(for: name)
        let gate = await broker.announce("d-1", responseTimeout: .seconds(10))
        await broker.advance(by: .seconds(9))
        #expect(await gate.state == .waiting(for: [name]))
        await broker.advance(by: .seconds(1))
        #expect(await gate.state == .released(.silence))
    }

    @Test func `is told what it asks in vain`() async throws {
        let gate = await broker.announce("d-1")
        #expect(await gate.end() == .released(.consent))
        let error = await #expect(throws: TestBrokerError.self) {
            try await gate.cancel(because: "too late")
        }
        #expect(error?.message.contains("is released") ?? false)
        try await gate.complete(.applied)
        let other = await broker.announce("")
        guard case .cancelled = await other.end() else {
            Issue.record("an update without an id was announced")
            return
        }
    }

    @MainActor private final class Screen {
        var lines: [String] = []
    }

    @Test func `may have the component's closures on the main actor`() async throws {
        let screen = Screen()
        let updates = broker.updates(for: name)
        async let _: Void = updates.run()
        async let _: Void = updates.answer { @MainActor _ in
            screen.lines.append("asked")
            return .defer(for: .seconds(30), because: "drawing")
        }
        let gate = await broker.announce("d-1")
        #expect(await gate.answer(of: name) == .deferred(for: .seconds(30), because: "drawing"))
        await broker.advance(by: .seconds(3_000))
        #expect(await screen.lines.count == 101)
    }
}
