// SPDX-License-Identifier: Apache-2.0

import Logging
import Reprieve
import ReprieveProtocol
import ReprieveTransport
import ScriptedBroker
import Testing

/// Real sockets, and a clock that stands still: no limit of the library is over on a busy machine.
private struct TimelessEnvironment: ClientEnvironment {
    let now = SuspendingClock.now
    let executor: (any TaskExecutor)? = nil

    /// Ends when the task is cancelled.
    func sleep(until deadline: SuspendingClock.Instant) async throws {
        let (events, continuation) = AsyncStream<Never>.makeStream()
        for await _ in events {}
        continuation.finish()
        throw CancellationError()
    }

    func wire(to path: String) throws(ConnectionError) -> any Wire {
        try SystemEnvironment().wire(to: path)
    }
}

@Suite("Updates", .timeLimit(.minutes(5))) struct UpdatesTests {
    @Test func `what the closure returns is the answer, with the notice's round`() async throws {
        let broker = broker(first: [notice(3)])
        try await participating(in: broker) { _ in
            .defer(for: .seconds(30), because: "recording")
        } _: { _ in
            // The library may have acknowledged before `answer` was called.
            let answers = await broker.answers(1)
            let last = answers[0].recheckAfterMs == 0 ? await broker.answers(1)[0] : answers[0]
            let expected = DeferRequest(
                deploymentID: "d-1",
                recheckAfterMs: 30_000,
                message: "recording",
                round: 3
            )
            #expect(last == expected)
        }
    }

    @Test func `a scope does not begin when the gate has just opened`() async throws {
        let broker = broker(first: [notice(1, final: true)], refuses: { $0.recheckAfterMs != 0 })
        try await participating(in: broker) { updates in
            _ = await broker.answers(1)
            let error = await #expect(throws: UpdatesError.self) {
                try await updates.deferring("writing firmware") { Issue.record("it began") }
            }
            #expect(error?.code == .updateUnderway)
        }
    }

    @Test func `a component whose broker hangs up comes back and is asked again`() async throws {
        let broker = broker(first: [notice(1)], hangsUp: true)
        try await participating(in: broker) { _ in
            let answers = await broker.answers(2)
            #expect(answers.map(\.deploymentID) == ["d-1", "d-1"])
        }
    }

    @Test func `a scope does not begin while an update is under way that started this program`()
        async throws
    {
        let broker = broker(first: [], underway: ["d-1"])
        defer { broker.stop() }
        let logger = Logger(label: "test")
        let updates = Updates(camera, broker.path, logger, in: TimelessEnvironment())
        async let _: Void = updates.run()
        let error = await #expect(throws: UpdatesError.self) {
            try await updates.deferring("writing firmware") { Issue.record("it began") }
        }
        #expect(error?.deploymentID == "d-1")
    }

    @Test func `events and outcomes of a later broker are tolerated`() async throws {
        let event = #"{"drainEvent": {"deploymentId": "d-1"}}"#
        let outcome = #"{"postUpdateEvent": {"deploymentId": "d-1", "outcome": "suspended"}}"#
        let broker = broker(first: [Array(event.utf8), Array(outcome.utf8), notice(1)])
        try await participating(in: broker) { updates in
            for await ended in updates.outcomes {
                #expect(ended.outcome == .unknown)
                break
            }
            #expect(await broker.answers(1)[0].deploymentID == "d-1")
        }
    }

    @Test func `a scope begins at once where there is no broker to ask`() async throws {
        for name in [camera, "no name"] {
            let result = try await withUpdates(component: name, socket: "/tmp/no-such-socket") {
                try await $0.deferring("busy") { 7 }
            }
            #expect(result == 7)
        }
    }

    @Test func `it subscribes as one that confirms, under its name`() async throws {
        let broker = broker(first: [])
        try await participating(in: broker) { _ in
            var said: [String] = []
            for await event in broker.heard {
                if case .connect(let who) = event { said.append(who?.componentName ?? "") }
                if case .request(_, _, let payload) = event {
                    said.append(String(decoding: payload, as: UTF8.self))
                    break
                }
            }
            #expect(said == [camera, #"{"confirm":true,"underway":true}"#])
        }
    }
}
