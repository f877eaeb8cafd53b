// SPDX-License-Identifier: Apache-2.0

import Reprieve
import ReprieveTesting
import Testing

private let name = "com.example.Camera"

/// `Samples/swift-testing` has the ordinary test of a component.
@Suite("A component author's test", .timeLimit(.minutes(5))) struct TestBrokerTests {
    let broker = TestBroker()

    private func takePart(_ updates: Updates) async {
        async let _: Void = updates.run()
        try? await updates.answer { _ in .defer(for: .seconds(30), because: "recording") }
    }

    @Test func `can force an update, and see the bases`() async throws {
        let updates = broker.updates(for: name)
        async let _: Void = takePart(updates)
        let gate = await broker.announce("d-1")
        #expect(await gate.answer(of: name) != nil)
        try await gate.force(because: "a hole to be closed")
        #expect(await gate.state == .released(.forced))
        try await gate.complete(.applied)
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

    @Test func `is told why the broker refuses a request`() async throws {
        let gate = await broker.announce("d-1")
        #expect(await gate.end() == .released(.consent))
        let error = await #expect(throws: TestBrokerError.self) {
            try await gate.cancel(because: "too late")
        }
        #expect(error?.code == .refused)
        #expect(error?.message.contains("is released") ?? false)
        #expect(error.map { "\($0)" } == error?.message)
        #expect(error.map { "\($0.cause)" } == error?.message)
        try await gate.complete(.applied)
        await broker.stop()
        let other = await #expect(throws: TestBrokerError.self) {
            try await gate.cancel(because: "too late")
        }
        #expect(other?.code == .notConnected)
    }

    @Test func `sees a broker that refuses the announcement as a cancelled gate`() async throws {
        let longest = Duration.seconds(Int64.max)
        for gate in [
            await broker.announce(""), await broker.announce("d-1", deadline: .zero - longest),
        ] {
            guard case .cancelled = await gate.end() else {
                Issue.record("the update \(gate.deploymentID) was announced")
                return
            }
        }
        let gate = await broker.announce("d-2", deadline: longest)
        #expect(await gate.end() == .released(.consent))
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
