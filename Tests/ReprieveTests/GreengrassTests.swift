// SPDX-License-Identifier: Apache-2.0

import Reprieve
import ScriptedBroker
import TestSupport
import Testing

/// What the library does where there is no Reprieve, but a Greengrass nucleus.
@Suite("Beside plain Greengrass", .timeLimit(.minutes(5))) struct GreengrassTests {
    private let nucleus = PlainNucleus(tokens: [camera])
    private let events = EventLog()

    private func with<Result>(
        _ answer: (@Sendable (Notice) async -> Answer)? = nil,
        _ body: (Updates) async throws -> Result
    ) async throws -> Result {
        let updates = Updates(component: camera, socket: nucleus.path)
        async let _: Void = updates.run()
        async let _: Void = {
            if let answer { try await updates.answer(answer) }
        }()
        #expect(await nucleus.next() == .connected(token: camera))
        let request = #"{"confirm":true,"underway":true}"#
        #expect(await nucleus.next() == .subscribed(token: camera, request: request))
        return try await body(updates)
    }

    @Test func `each notice is final, and gets one answer`() async throws {
        try await with { [events] notice in
            #expect(notice.isFinal && notice.disruption == .nucleus && notice.respondBy == nil)
            guard events.all.isEmpty else {
                return .acknowledge(whenFinal: { events.note("pause") }, then: { _ in })
            }
            events.note("recording")
            return .defer(for: .seconds(30), because: "recording")
        } _: { _ in
            nucleus.announce("d-1")
            #expect(await nucleus.next() == .answered(30_000))
            nucleus.announce("d-1")
            #expect(await nucleus.next() == .answered(0))
            #expect(events.all == ["recording", "pause"])
        }
    }

    @Test func `an update that is over has an unknown outcome`() async throws {
        try await with { [events] _ in
            .acknowledge(whenFinal: { events.note("pause") }) { events.note($0.rawValue) }
        } _: { updates in
            nucleus.announce("d-1")
            #expect(await nucleus.next() == .answered(0))
            let outcomes = updates.outcomes
            nucleus.finish("d-1")
            for await ended in outcomes {
                #expect(ended.outcome == .unknown)
                break
            }
        }
    }

    @Test func `a scope defers each notice, and says nothing that would be refused`() async throws {
        try await with { updates in
            try await updates.deferring("writing") {
                nucleus.announce("d-1")
                #expect(await nucleus.next() == .answered(30_000))
                nucleus.announce("d-1")
                #expect(await nucleus.next() == .answered(30_000))
            }
            // The end of the scope cannot be told: the next notice is answered instead.
            nucleus.announce("d-1")
            #expect(await nucleus.next() == .answered(0))
        }
    }

    @Test func `a scope does not begin once the update was agreed to`() async throws {
        try await with { _ in
            .acknowledge
        } _: { updates in
            nucleus.announce("d-1")
            #expect(await nucleus.next() == .answered(0))
            let error = await #expect(throws: UpdatesError.self) {
                try await updates.deferring("writing") { Issue.record("it began") }
            }
            #expect(error?.code == .updateUnderway)
            let outcomes = updates.outcomes
            nucleus.finish("d-1")
            for await _ in outcomes { break }
            try await updates.deferring("writing") { events.note("began") }
            #expect(events.all == ["began"])
        }
    }

    @Test func `a token of the environment is what a component is known by`() async {
        await #expect(processExitsWith: .success) {
            limitProcess()
            setEnvironment("SVCUID", "0123456789abcdef")
            let nucleus = PlainNucleus(tokens: ["0123456789abcdef"])
            setEnvironment("AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT", nucleus.path)
            await withUpdates(component: camera) { _ in
                #expect(await nucleus.next() == .connected(token: "0123456789abcdef"))
            }
        }
    }

    @Test func `a component that the nucleus does not know is denied, and says so`() async throws {
        let log = LogRecorder()
        let updates = Updates(component: robot, socket: nucleus.path, logger: log.logger)
        async let _: Void = updates.run()
        #expect(await log.next().contains("denied the connection"))
    }
}
