// SPDX-License-Identifier: Apache-2.0

import Reprieve
import ReprieveTesting
import Testing

@Suite("A broker that goes away", .timeLimit(.minutes(5))) struct ReconnectionTests {
    let broker = TestBroker()
    let events = EventLog()

    @Test func `before the component starts is found when it comes`() async throws {
        await broker.stop()
        try await broker.with(camera) { _ in
            .defer(for: .seconds(30), because: "recording")
        } _: { _ in
            await broker.advance(by: .seconds(3_600))
            await broker.start()
            await broker.advance(by: .seconds(5))
            let gate = await broker.announce("d-42")
            #expect(await gate.answer(of: camera) != nil)
        }
    }

    @Test func `in mid-deferral leaves the body undisturbed, and hears again`() async throws {
        try await broker.with(camera) { updates in
            let gate = try await updates.deferring("writing firmware") {
                let gate = await broker.announce("d-42")
                #expect(await gate.answer(of: camera) != nil)
                await broker.stop()
                await broker.advance(by: .seconds(3))
                await broker.start()
                await broker.advance(by: .seconds(600))
                #expect(await gate.state == .waiting(for: [camera]))
                return gate
            }
            #expect(await gate.end() == .released(.consent))
        }
    }

    @Test func `while a scope ends hears of the end when it is back`() async throws {
        try await broker.with(camera) { updates in
            let gate = try await updates.deferring("writing firmware") {
                let gate = await broker.announce("d-42")
                #expect(await gate.answer(of: camera) != nil)
                await broker.stop()
                return gate
            }
            await broker.start()
            // The deferral that was granted would hold for 30 s.
            await broker.advance(by: .seconds(6))
            #expect(await gate.state == .released(.consent))
        }
    }

    @Test func `while a scope begins hears of it when it is back`() async throws {
        try await broker.with(camera) { updates in
            try await broker.with(robot) { _ in
                .defer(for: .seconds(10), because: "moving")
            } _: { _ in
                let gate = await broker.announce("d-42")
                await broker.advance(by: .seconds(2))
                #expect(await gate.answer(of: camera) == .acknowledged)
                await broker.stop()
                try await updates.deferring("writing firmware") {
                    await broker.start()
                    await broker.advance(by: .seconds(6))
                    #expect(await gate.answer(of: camera) != .acknowledged)
                    #expect(await gate.state == .waiting(for: [camera, robot]))
                }
            }
        }
    }

    @Test func `with the gate open keeps a scope from beginning until it is back`() async throws {
        try await broker.with(camera) { updates in
            let gate = await broker.announce("d-42")
            await broker.advance(by: .seconds(1))
            #expect(await gate.end() == .released(.consent))
            await broker.stop()
            let error = await #expect(throws: UpdatesError.self) {
                try await updates.deferring("writing firmware") { Issue.record("it began") }
            }
            #expect(error?.code == .updateUnderway)
            await broker.start()
            await broker.advance(by: .seconds(6))
            try await gate.complete(.applied)
            try await updates.deferring("writing firmware") { events.note("began") }
            #expect(events.all == ["began"])
        }
    }

    @Test func `and comes back with the gate still closed lets a waiting scope begin`()
        async throws
    {
        let (asked, events) = (EventLog(), self.events)
        try await broker.with(robot) { notice in
            guard notice.isFinal else { return .acknowledge }
            asked.note("asked")
            // It takes its time in the final asking, so the gate is not yet open.
            if asked.all.count == 1 { await Latch().wait() }
            return .acknowledge
        } _: { _ in
            try await broker.with(camera) { _ in
                .acknowledge(whenFinal: { events.note("pause") }, then: { _ in })
            } _: { updates in
                let gate = await broker.announce("d-42")
                await broker.settle()
                #expect(events.all == ["pause"])
                #expect(await gate.state == .waiting(for: [robot]))
                await broker.stop()
                async let _: Void = updates.deferring("writing", ifUnderway: .wait) {
                    events.note("writing")
                    await Latch().wait()
                }
                await broker.start()
                await broker.advance(by: .seconds(6))
                #expect(events.all.contains("writing"))
                #expect(await gate.state == .waiting(for: [camera, robot]))
            }
        }
    }

    @Test func `while the component stands ready still tells it the outcome`() async throws {
        try await broker.with(camera) { [events] _ in
            .acknowledge(whenFinal: { events.note("pause") }, then: { events.note($0.rawValue) })
        } _: { updates in
            let gate = await broker.announce("d-42")
            #expect(await gate.end() == .released(.consent))
            await broker.stop()
            await broker.advance(by: .seconds(60))
            #expect(events.all == ["pause"])
            await broker.start()
            try await gate.complete(.applied, message: "as it should")
            await broker.advance(by: .seconds(6))
            #expect(events.all == ["pause", "applied"])
            for await ended in updates.outcomes {
                #expect(ended.deploymentID == "d-42")
                #expect(ended.outcome == .applied)
                #expect(ended.message == "as it should")
                break
            }
        }
    }
}
