// SPDX-License-Identifier: Apache-2.0

import Reprieve
import ReprieveTesting
import Testing

@Suite(.timeLimit(.minutes(1))) struct `An answer` {
    let broker = TestBroker()
    let diary = Diary()

    /// Holds updates back, and then no longer.
    private func busyRobot(for times: Int = 1) -> @Sendable (Notice) async -> Answer {
        let robotDiary = Diary()
        return { _ in
            robotDiary.note("asked")
            guard robotDiary.all.count > times else {
                return .defer(for: .seconds(3_600), because: "moving")
            }
            return .acknowledge
        }
    }

    @Test func `is what the closure returns, and it is asked again when its time is over`()
        async throws
    {
        try await broker.with(camera) { [diary] notice in
            diary.note("asked by \(notice.reason ?? "nobody")")
            return .defer(for: .seconds(30), because: "recording")
        } _: { _ in
            let gate = await broker.announce("d-42", reason: "nucleus 2.13.0")
            let answer = await gate.answer(of: camera)
            #expect(answer == .deferred(for: .seconds(30), because: "recording"))
            await broker.advance(by: .seconds(60))
            let asked = Array(repeating: "asked by nucleus 2.13.0", count: 3)
            #expect(diary.all == asked)
        }
    }

    @Test func `that is given in the first second counts, whoever asked before`() async throws {
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

    @Test func `that gets ready whenFinal does so once everyone else is ready, and not before`()
        async throws
    {
        try await broker.with(camera) { [diary] _ in
            .acknowledge(whenFinal: { diary.note("pause") }, then: { diary.note($0.rawValue) })
        } _: { _ in
            try await broker.with(robot, answer: busyRobot()) { _ in
                let gate = await broker.announce("d-42")
                #expect(await gate.answer(of: camera) == .acknowledged)
                await broker.advance(by: .seconds(3_599))
                #expect(diary.all.isEmpty)
                await broker.advance(by: .seconds(1))
                #expect(await gate.state == .released(.consent))
                #expect(diary.all == ["pause"])
                try await gate.complete(.rolledBack)
                #expect(diary.all == ["pause", "rolledBack"])
            }
        }
    }

    @Test func `by a closure that has got ready itself is called off after a second of waiting`()
        async throws
    {
        try await broker.with(camera) { [diary] _ in
            diary.note("pause")
            return .acknowledge { diary.note($0.rawValue) }
        } _: { _ in
            try await broker.with(robot, answer: busyRobot()) { _ in
                let gate = await broker.announce("d-42")
                #expect(await gate.answer(of: camera) == .acknowledged)
                #expect(await gate.answer(of: robot) != .acknowledged)
                #expect(diary.all == ["pause"])
                await broker.advance(by: .seconds(1))
                #expect(diary.all == ["pause", "postponed"])
                await broker.advance(by: .seconds(3_598))
                #expect(diary.all == ["pause", "postponed"])
                await broker.advance(by: .seconds(1))
                #expect(await gate.state == .released(.consent))
                #expect(diary.all == ["pause", "postponed", "pause"])
                try await gate.complete(.applied)
                #expect(diary.all == ["pause", "postponed", "pause", "applied"])
            }
        }
    }

    @Test func `by a closure that has got ready itself stands if the gate opens at once`()
        async throws
    {
        try await broker.with(camera) { [diary] _ in
            diary.note("pause")
            return .acknowledge { diary.note($0.rawValue) }
        } _: { _ in
            let gate = await broker.announce("d-42")
            #expect(await gate.end() == .released(.consent))
            await broker.advance(by: .seconds(10))
            #expect(diary.all == ["pause"])
            try await gate.complete(.failed)
            #expect(diary.all == ["pause", "failed"])
        }
    }

    @Test func `is put off when another component defers after the final notice`() async throws {
        let arm = Diary()
        try await broker.with(camera) { [diary] _ in
            .acknowledge(whenFinal: { diary.note("pause") }, then: { diary.note($0.rawValue) })
        } _: { _ in
            try await broker.with(robot) { notice in
                if notice.isFinal, arm.all.isEmpty { arm.note("moves") }
                guard arm.all == ["moves"] else { return .acknowledge }
                return .defer(for: .seconds(30), because: "moving")
            } _: { _ in
                let gate = await broker.announce("d-42")
                await broker.settle()
                #expect(await gate.answer(of: camera) == .acknowledged)
                #expect(diary.all == ["pause", "postponed"])
                arm.note("stands still")
                await broker.advance(by: .seconds(30))
                #expect(await gate.state == .released(.consent))
                #expect(diary.all == ["pause", "postponed", "pause"])
            }
        }
    }

    @Test func `that takes long is no silence: the library defers on its behalf`() async throws {
        let decided = Signal()
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
            decided.give()
            #expect(await gate.end() == .released(.consent))
        }
    }

    @Test func `can be reconsidered before its time is over`() async throws {
        try await broker.with(camera) { [diary] _ in
            guard diary.all.contains("stopped") else {
                return .defer(for: .seconds(600), because: "recording")
            }
            return .acknowledge
        } _: { updates in
            let gate = await broker.announce("d-42")
            _ = await gate.answer(of: camera)
            diary.note("stopped")
            #expect(await gate.state == .waiting(for: [camera]))
            updates.reconsider()
            #expect(await gate.end() == .released(.consent))
        }
    }

    @Test func `is told how long there is, and of the last call`() async throws {
        try await broker.with(camera) { [diary] notice in
            diary.note("\(notice.isLastCall) \((notice.deadline ?? .zero).components.seconds)")
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
            #expect(diary.all == ["false 86400", "false 86360", "true 86350"])
        }
    }

    @Test func `for an update that ends meanwhile is followed by its outcome`() async throws {
        let decided = Signal()
        try await broker.with(camera) { [diary] _ in
            await decided.wait()
            return .acknowledge { diary.note($0.rawValue) }
        } _: { _ in
            let gate = await broker.announce("d-42")
            try await gate.cancel(because: "a better one comes")
            #expect(await gate.state == .cancelled(because: "a better one comes"))
            decided.give()
            let next = await broker.announce("d-43")
            #expect(await next.end() == .released(.consent))
            #expect(diary.all == ["cancelled"])
        }
    }
}
