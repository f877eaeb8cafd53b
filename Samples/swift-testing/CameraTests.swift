// SPDX-License-Identifier: Apache-2.0

import ReprieveTesting
import Testing

@Suite(.timeLimit(.minutes(1))) struct CameraTests {
    @Test func `an update waits while the camera records`() async throws {
        let broker = TestBroker()
        let camera = Camera(updates: broker.updates(for: "com.example.Camera"))
        async let _: Void = camera.run()
        await camera.record()

        let gate = await broker.announce("d-42", reason: "nucleus 2.13.0")
        let answer = await gate.answer(of: "com.example.Camera")
        #expect(answer == .deferred(for: .seconds(30), because: "recording"))

        await broker.advance(by: .seconds(3_600))
        #expect(await gate.state == .waiting(for: ["com.example.Camera"]))

        await camera.stop()
        #expect(await gate.end() == .released(.consent))
        #expect(await camera.isPaused)

        try await gate.complete(.applied)
        #expect(await !camera.isPaused)
    }

    @Test func `the camera outlives the broker`() async throws {
        let broker = TestBroker()
        let camera = Camera(updates: broker.updates(for: "com.example.Camera"))
        async let _: Void = camera.run()

        await broker.stop()
        await broker.start()
        await broker.advance(by: .seconds(5))
        let gate = await broker.announce("d-42")
        #expect(await gate.end() == .released(.consent))
    }
}
