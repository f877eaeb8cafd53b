// SPDX-License-Identifier: Apache-2.0

import Reprieve
import ReprieveTesting
import Testing

@Suite("A cancelled answerer", .timeLimit(.minutes(5))) struct CancelledAnswererTests {
    let broker = TestBroker()
    let events = EventLog()
    let latch = Latch()

    /// Starts an answerer whose closure goes on after its task is cancelled, and cancels it.
    private func cancelAnswerer(of updates: Updates) async -> TestGate {
        let answering = Task { [latch, events] in
            try await updates.answer { notice in
                events.note("asked \(notice.deploymentID)")
                await Task { await latch.wait() }.value
                return .acknowledge { events.note($0.rawValue) }
            }
        }
        let gate = await broker.announce("d-1")
        await broker.settle()
        #expect(events.all == ["asked d-1"])
        answering.cancel()
        return gate
    }

    @Test func `is not asked, and its last question holds no update back for ever`() async throws {
        try await broker.with(camera) { updates in
            let gate = await cancelAnswerer(of: updates)
            defer { latch.open() }
            let other = await broker.announce("d-2")
            #expect(await other.end() == .released(.consent))
            try await other.complete(.applied)
            await broker.advance(by: .seconds(45))
            let answer = await gate.answer(of: camera)
            #expect(answer == .deferred(for: .seconds(30), because: "still deciding"))
            await broker.advance(by: .seconds(30))
            #expect(await gate.state == .released(.consent))
        }
    }

    @Test func `gives way to the next one`() async throws {
        try await broker.with(camera) { updates in
            let gate = await cancelAnswerer(of: updates)
            async let _: Void = updates.answer { [events] notice in
                events.note("next asked \(notice.deploymentID)")
                return .defer(for: .seconds(7), because: "recording")
            }
            let answer = await gate.answer(of: camera)
            #expect(answer == .deferred(for: .seconds(7), because: "recording"))
            latch.open()
            while events.all.last != "postponed", !Task.isCancelled { await Task.yield() }
            #expect(events.all == ["asked d-1", "next asked d-1", "postponed"])
        }
    }
}
