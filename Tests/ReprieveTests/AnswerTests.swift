// SPDX-License-Identifier: Apache-2.0

import Reprieve
import ReprieveTesting
import Testing

@Suite("An answer", .timeLimit(.minutes(5))) struct AnswerTests {
    let broker = TestBroker()
    let events = EventLog()

    /// Holds updates back, and then no longer.
    private func busyRobot(for times: Int = 1) -> @Sendable (Notice) async -> Answer {
        let robotEvents = EventLog()
        return { _ in
            robotEvents.note("asked")
            guard robotEvents.all.count > times else {
                return .defer(for: .seconds(3_600), because: "moving")
            }
            return .acknowledge
        }
    }

    @Test func `is what the closure returns, and it is asked again when its time is over`()
        async throws
    {
        try await broker.with(camera) { [events] notice in
            events.note("asked by \(notice.reason ?? "")")
            return .defer(for: .seconds(30), because: "recording")
        } _: { _ in
            let gate = await broker.announce("d-42", reason: "nucleus 2.13.0")
            let answer = await gate.answer(of: camera)
            #expect(answer == .deferred(for: .seconds(30), because: "recording"))
            await broker.advance(by: .seconds(60))
            let asked = Array(repeating: "asked by nucleus 2.13.0", count: 3)
            #expect(events.all == asked)
        }
    }

    @Test func `that is given in the first second counts for an earlier notice`() async throws {
        let updates = broker.updates(for: camera)
        async let _: Void = updates.run()
        let gate = await broker.announce("d-42")
        await broker.advance(by: .milliseconds(999))
        #expect(await gate.state == .waiting(for: [camera]))
        async let _: Void = updates.answer { _ in .defer(for: .seconds(5), because: "starting") }
        let answer = await gate.answer(of: camera)
        #expect(answer == .deferred(for: .seconds(5), because: "starting"))
    }

    @Test func `of a component without a closure is yes, after its first second`() async throws {
        try await broker.with(camera) { _ in
            let gate = await broker.announce("d-42")
            await broker.advance(by: .seconds(2))
            #expect(await gate.state == .released(.consent))
            #expect(await gate.answer(of: camera) == .acknowledged)
            try await gate.complete(.applied)
            let next = await broker.announce("d-43")
            #expect(await next.end() == .released(.consent))
        }
    }

    @Test func `that gets ready whenFinal does so once all others are ready, and not before`()
        async throws
    {
        try await broker.with(camera) { [events] _ in
            .acknowledge(whenFinal: { events.note("pause") }, then: { events.note($0.rawValue) })
        } _: { _ in
            try await broker.with(robot, answer: busyRobot()) { _ in
                let gate = await broker.announce("d-42")
                #expect(await gate.answer(of: camera) == .acknowledged)
                await broker.advance(by: .seconds(3_599))
                #expect(events.all.isEmpty)
                await broker.advance(by: .seconds(1))
                #expect(await gate.state == .released(.consent))
                #expect(events.all == ["pause"])
                try await gate.complete(.rolledBack)
                #expect(events.all == ["pause", "rolledBack"])
            }
        }
    }

    @Test func `by a closure that has got ready itself is called off after a second of waiting`()
        async throws
    {
        try await broker.with(camera) { [events] _ in
            events.note("pause")
            return .acknowledge { events.note($0.rawValue) }
        } _: { _ in
            try await broker.with(robot, answer: busyRobot()) { _ in
                let gate = await broker.announce("d-42")
                #expect(await gate.answer(of: camera) == .acknowledged)
                #expect(await gate.answer(of: robot) != .acknowledged)
                #expect(events.all == ["pause"])
                await broker.advance(by: .seconds(1))
                #expect(events.all == ["pause", "postponed"])
                await broker.advance(by: .seconds(3_598))
                #expect(events.all == ["pause", "postponed"])
                await broker.advance(by: .seconds(1))
                #expect(await gate.state == .released(.consent))
                #expect(events.all == ["pause", "postponed", "pause"])
                try await gate.complete(.applied)
                #expect(events.all == ["pause", "postponed", "pause", "applied"])
            }
        }
    }

    @Test func `by a closure that has got ready itself stands if the gate opens at once`()
        async throws
    {
        try await broker.with(camera) { [events] _ in
            events.note("pause")
            return .acknowledge { events.note($0.rawValue) }
        } _: { _ in
            let gate = await broker.announce("d-42")
            #expect(await gate.end() == .released(.consent))
            await broker.advance(by: .seconds(10))
            #expect(events.all == ["pause"])
            try await gate.complete(.failed)
            #expect(events.all == ["pause", "failed"])
        }
    }

    @Test func `is put off when another component defers after the final notice`() async throws {
        let arm = EventLog()
        try await broker.with(camera) { [events] _ in
            .acknowledge(whenFinal: { events.note("pause") }, then: { events.note($0.rawValue) })
        } _: { _ in
            try await broker.with(robot) { notice in
                if notice.isFinal, arm.all.isEmpty { arm.note("moves") }
                guard arm.all == ["moves"] else { return .acknowledge }
                return .defer(for: .seconds(30), because: "moving")
            } _: { _ in
                let gate = await broker.announce("d-42")
                await broker.settle()
                #expect(await gate.answer(of: camera) == .acknowledged)
                #expect(events.all == ["pause", "postponed"])
                arm.note("stands still")
                await broker.advance(by: .seconds(30))
                #expect(await gate.state == .released(.consent))
                #expect(events.all == ["pause", "postponed", "pause"])
            }
        }
    }

    @Test func `that takes long is no silence: the library defers on its behalf`() async throws {
        let decided = Latch()
        try await broker.with(camera) { _ in
            await decided.wait()
            return .acknowledge
        } _: { _ in
            let gate = await broker.announce("d-42")
            await broker.advance(by: .seconds(45))
            let answer = await gate.answer(of: camera)
            #expect(answer == .deferred(for: .seconds(30), because: "still deciding"))
            await broker.advance(by: .seconds(3_600))
            #expect(await gate.state == .waiting(for: [camera]))
            decided.open()
            #expect(await gate.end() == .released(.consent))
        }
    }

    @Test func `can be reconsidered before its time is over`() async throws {
        try await broker.with(camera) { [events] _ in
            guard events.all.contains("stopped") else {
                return .defer(for: .seconds(600), because: "recording")
            }
            return .acknowledge
        } _: { updates in
            let gate = await broker.announce("d-42")
            _ = await gate.answer(of: camera)
            events.note("stopped")
            #expect(await gate.state == .waiting(for: [camera]))
            updates.reconsider()
            #expect(await gate.end() == .released(.consent))
        }
    }

    @Test func `is told how long there is, and of the last call`() async throws {
        try await broker.with(camera) { [events] notice in
            events.note("\(notice.isLastCall) \((notice.deadline ?? .zero).components.seconds)")
            return .defer(for: .seconds(40), because: "recording")
        } _: { _ in
            let gate = await broker.announce(
                "d-42",
                responseTimeout: .seconds(10),
                maximumTotalDeferral: .seconds(60)
            )
            _ = await gate.answer(of: camera)
            await broker.advance(by: .seconds(61))
            #expect(await gate.state == .released(.capped))
            #expect(events.all == ["false 86400", "false 86360", "true 86350"])
        }
    }

    @Test func `for an update that ends meanwhile is followed by its outcome`() async throws {
        let decided = Latch()
        try await broker.with(camera) { [events] _ in
            await decided.wait()
            return .acknowledge { events.note($0.rawValue) }
        } _: { _ in
            let gate = await broker.announce("d-42")
            try await gate.cancel(because: "a better one comes")
            #expect(await gate.state == .cancelled(because: "a better one comes"))
            decided.open()
            let next = await broker.announce("d-43")
            #expect(await next.end() == .released(.consent))
            #expect(events.all == ["cancelled"])
        }
    }

    @Test(arguments: [Duration.zero, .seconds(-3)])
    func `that defers for no time is asked for again at once`(time: Duration) async throws {
        try await broker.with(camera) { [events] notice in
            events.note("asked")
            return events.all.count < 3 ? .defer(for: time, because: "recording") : .acknowledge
        } _: { _ in
            let gate = await broker.announce("d-42")
            _ = await gate.answer(of: camera)
            await broker.advance(by: .milliseconds(200))
            #expect(events.all.count >= 3)
            #expect(await gate.state == .released(.consent))
        }
    }
}
