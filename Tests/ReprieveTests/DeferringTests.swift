// SPDX-License-Identifier: Apache-2.0

import Reprieve
import ReprieveTesting
import Testing

@Suite("A deferring scope", .timeLimit(.minutes(5))) struct DeferringTests {
    let broker = TestBroker()
    let events = EventLog()

    @Test func `makes an update wait for as long as it lasts, and no longer`() async throws {
        try await broker.with(camera) { updates in
            let gate = try await updates.deferring("writing firmware") {
                let gate = await broker.announce("d-42")
                let answer = await gate.answer(of: camera)
                #expect(answer == .deferred(for: .seconds(30), because: "writing firmware"))
                await broker.advance(by: .seconds(3_600))
                #expect(await gate.state == .waiting(for: [camera]))
                return gate
            }
            #expect(await gate.end() == .released(.consent))
        }
    }

    @Test func `has its update go ahead when it ends, also one that may not wait`() async throws {
        try await broker.with(camera) { updates in
            let gate = try await updates.deferring("writing firmware", ifUnderway: .wait) {
                let gate = await broker.announce("d-42", maximumDeferral: .zero)
                await broker.advance(by: .seconds(1))
                #expect(await gate.state == .waiting(for: [camera]))
                return gate
            }
            #expect(await gate.end() == .released(.consent))
        }
    }

    @Test func `says nothing in place of the closure where it may not defer`() async throws {
        try await broker.with(camera) { _ in
            .defer(for: .seconds(7), because: "recording")
        } _: { updates in
            let gate = try await updates.deferring("writing firmware", ifUnderway: .wait) {
                let gate = await broker.announce("d-42", maximumDeferral: .zero)
                await broker.advance(by: .seconds(1))
                return gate
            }
            await broker.advance(by: .seconds(1))
            #expect(await gate.state == .waiting(for: [camera]))
        }
    }

    @Test func `may nest: the end of the last one lets the update go ahead`() async throws {
        try await broker.with(camera) { updates in
            let gate = await broker.announce("d-42")
            try await updates.deferring("outer") {
                try await updates.deferring("inner") {
                    let answer = await gate.answer(of: camera)
                    #expect(answer == .deferred(for: .seconds(30), because: "inner"))
                }
                await broker.advance(by: .seconds(31))
                let answer = await gate.answer(of: camera)
                #expect(answer == .deferred(for: .seconds(29), because: "outer"))
            }
            #expect(await gate.end() == .released(.consent))
        }
    }

    @Test func `goes before the closure, which is asked when it ends`() async throws {
        try await broker.with(camera) { [events] _ in
            events.note("asked")
            return .defer(for: .seconds(7), because: "recording")
        } _: { updates in
            let gate = try await updates.deferring("writing firmware") {
                let gate = await broker.announce("d-42")
                let answer = await gate.answer(of: camera)
                #expect(answer == .deferred(for: .seconds(30), because: "writing firmware"))
                #expect(events.all.isEmpty)
                return gate
            }
            await broker.settle()
            let answer = await gate.answer(of: camera)
            #expect(answer == .deferred(for: .seconds(7), because: "recording"))
        }
    }

    @Test func `ends, and its update with it, when the body throws`() async throws {
        struct Broken: Error {}
        try await broker.with(camera) { updates in
            let gate = await broker.announce("d-42")
            await #expect(throws: Broken.self) {
                try await updates.deferring("writing firmware") { throw Broken() }
            }
            #expect(await gate.end() == .released(.consent))
        }
    }

    @Test func `does not begin when the gate has just opened`() async throws {
        try await broker.with(camera) { updates in
            let gate = await broker.announce("d-42")
            await broker.advance(by: .seconds(1))
            #expect(await gate.end() == .released(.consent))
            let error = await #expect(throws: UpdatesError.self) {
                try await updates.deferring("writing firmware") { Issue.record("it began") }
            }
            #expect(error?.code == .updateUnderway)
            #expect(error?.deploymentID == "d-42")
            #expect(error.map { "\($0)" } == error?.message)
            try await gate.complete(.applied)
            try await updates.deferring("writing firmware") { events.note("began") }
            #expect(events.all == ["began"])
        }
    }

    @Test func `can wait for the end of an update that is underway`() async throws {
        try await broker.with(camera) { updates in
            let gate = await broker.announce("d-42")
            await broker.advance(by: .seconds(1))
            #expect(await gate.end() == .released(.consent))
            async let _: Void = updates.deferring("writing firmware", ifUnderway: .wait) {
                events.note("writing")
            }
            await broker.advance(by: .seconds(3_600))
            #expect(events.all.isEmpty)
            events.note("completed")
            try await gate.complete(.applied)
        }
        #expect(events.all == ["completed", "writing"])
    }

    @Test func `can let an update that waits go first`() async throws {
        try await broker.with(robot) { _ in
            .defer(for: .seconds(60), because: "moving")
        } _: { _ in
            try await broker.with(camera) { updates in
                let gate = await broker.announce("d-42")
                _ = await gate.answer(of: robot)
                async let _: Void = updates.deferring("writing", ifWaiting: .wait) { [events] in
                    events.note("writing")
                }
                await broker.settle()
                #expect(await gate.answer(of: camera) == .acknowledged)
                #expect(events.all.isEmpty)
                events.note("cancelled")
                try await gate.cancel(because: "later")
                await broker.settle()
            }
        }
        #expect(events.all == ["cancelled", "writing"])
    }

    @Test func `that lets updates go first begins at once without one`() async throws {
        try await broker.with(camera) { updates in
            try await updates.deferring("writing", ifWaiting: .wait) { events.note("wrote") }
            try await updates.deferring("writing", ifWaiting: .throw) { events.note("wrote") }
            #expect(events.all == ["wrote", "wrote"])
        }
    }

    @Test func `that was not to begin while an update waits names the update`() async throws {
        try await broker.with(camera) { updates in
            try await updates.deferring("writing") {
                let gate = await broker.announce("d-42")
                _ = await gate.answer(of: camera)
                let error = await #expect(throws: UpdatesError.self) {
                    try await updates.deferring("reading", ifWaiting: .throw) {
                        Issue.record("it began")
                    }
                }
                #expect(error?.code == .updateWaits)
                #expect(error?.message == "the update d-42 waits")
                // What is held already goes on.
                #expect(await gate.state == .waiting(for: [camera]))
            }
        }
    }

    @Test func `that begins after the component got ready has it go on first`() async throws {
        try await broker.with(robot) { _ in
            .defer(for: .seconds(60), because: "moving")
        } _: { _ in
            try await broker.with(camera) { [events] _ in
                events.note("pause")
                return .acknowledge { events.note($0.rawValue) }
            } _: { updates in
                let gate = await broker.announce("d-42")
                #expect(await gate.answer(of: camera) == .acknowledged)
                try await updates.deferring("writing firmware") {
                    await broker.settle()
                    #expect(events.all == ["pause", "postponed"])
                    let answer = await gate.answer(of: camera)
                    #expect(answer == .deferred(for: .seconds(30), because: "writing firmware"))
                }
            }
        }
    }

    @Test func `is warned once before it is cut off`() async throws {
        try await broker.with(camera) { updates in
            try await updates.deferring("writing firmware") {
                let gate = await broker.announce(
                    "d-42",
                    responseTimeout: .seconds(20),
                    maximumTotalDeferral: .seconds(100)
                )
                await broker.advance(by: .seconds(79))
                #expect(events.all.isEmpty)
                await broker.advance(by: .seconds(1))
                #expect(events.all == ["d-42 in 20 s"])
                await broker.advance(by: .seconds(19))
                #expect(await gate.state == .waiting(for: [camera]))
                await broker.advance(by: .seconds(1))
                #expect(await gate.state == .released(.capped))
                #expect(events.all == ["d-42 in 20 s"])
            } onLastCall: { [events] lastCall in
                events.note("\(lastCall.deploymentID) in \(lastCall.timeLeft.components.seconds) s")
            }
        }
    }

    @Test func `is warned of each update, and again of one that is announced again`() async throws {
        try await broker.with(camera) { updates in
            try await updates.deferring("writing firmware") {
                for id in ["d-1", "d-2", "d-1"] {
                    let gate = await broker.announce(id, deadline: .seconds(100))
                    _ = await gate.answer(of: camera)
                    await broker.advance(by: .seconds(100))
                    #expect(await gate.end() == .released(.deadline))
                    try await gate.complete(.applied)
                }
                #expect(events.all == ["d-1 50", "d-2 50", "d-1 50"])
            } onLastCall: { [events] lastCall in
                events.note("\(lastCall.deploymentID) \(lastCall.timeLeft.components.seconds)")
            }
        }
    }

    @Test func `may be opened by the closure that answers`() async throws {
        let updates = broker.updates(for: robot)
        async let _: Void = updates.run()
        async let _: Void = updates.answer { [events] _ in
            try? await updates.deferring("parking") { events.note("parking") }
            return .acknowledge
        }
        let gate = await broker.announce("d-42")
        #expect(await gate.end() == .released(.consent))
        #expect(events.all == ["parking", "parking"])
    }

    @Test func `that is cancelled while it wants to begin leaves nothing`() async throws {
        try await broker.with(camera) { updates in
            let gate = await broker.announce("d-42")
            await broker.advance(by: .seconds(1))
            #expect(await gate.end() == .released(.consent))
            let waiting = Task {
                try await updates.deferring("writing", ifUnderway: .wait) {}
            }
            await broker.settle()
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
            try await gate.complete(.applied)
            let next = await broker.announce("d-43")
            #expect(await next.end() == .released(.consent))
        }
    }
}
