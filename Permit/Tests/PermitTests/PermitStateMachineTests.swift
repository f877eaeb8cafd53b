// SPDX-License-Identifier: Apache-2.0

import Reprieve
import Testing

@testable import Permit

private typealias Machine = PermitStateMachine

@Suite("A permit") struct PermitStateMachineTests {
    private var permit = Machine(
        PermitPolicy(),
        record: Record(boot: "b"),
        boot: "b",
        seed: 1,
        at: .zero
    )
    private var latestAsk = 0

    private mutating func ask(
        _ update: String = "d-1",
        _ disruption: Disruption = .reboot,
        final: Bool,
        forced: Bool = false,
        at now: Duration = .zero
    ) -> [Machine.Action] {
        latestAsk += 1
        let question = Machine.Question(update, disruption, final: final, forced: forced)
        return permit.handle(.asked(.init(number: latestAsk), question), at: now)
    }

    private func claimed(_ updates: String...) -> Record {
        var record = Record(boot: "b")
        (record.isClaimed, record.updates) = (true, updates)
        return record
    }

    private func answers(_ actions: [Machine.Action]) -> [Machine.Answer] {
        actions.compactMap { if case .answer(_, let answer) = $0 { answer } else { nil } }
    }

    /// As far as the slot is held.
    private mutating func agree(to update: String = "d-1", at now: Duration = .zero) {
        _ = ask(update, final: true, at: now)
        #expect(answers(permit.handle(.replied(.done), at: now)) == [.ready])
    }

    @Test mutating func `says that it could without asking the server`() {
        #expect(ask(final: false) == [.answer(.init(number: 1), .could)])
    }

    @Test mutating func `writes down that it claims before it asks for a slot`() {
        #expect(ask(final: true) == [.write(claimed("d-1")), .claim])
        #expect(
            permit.handle(.replied(.done), at: .seconds(1)) == [.answer(.init(number: 1), .ready)]
        )
    }

    @Test mutating func `asks for no slot where the update is of no concern`() {
        #expect(answers(ask("d-1", .components, final: true)) == [.could])
    }

    @Test mutating func `defers with the holder's name where no slot is free`() {
        _ = ask(final: true)
        let answer = answers(permit.handle(.replied(.full("till-3")), at: .zero))
        guard case .defer(let time, let why)? = answer.first else { return #expect(answer == []) }
        #expect(why == "no slot is free: till-3")
        #expect(time >= .seconds(30) && time <= .seconds(45))
    }

    @Test mutating func `lets no answer of its own lift its deferral`() {
        _ = ask(final: true)
        _ = permit.handle(.replied(.full("till-3")), at: .zero)
        guard case .defer(let rest, _)? = answers(ask(final: false, at: .seconds(10))).first else {
            Issue.record("the deferral was lifted")
            return
        }
        #expect(rest >= .seconds(20) && rest <= .seconds(35))
        #expect(answers(ask(final: true, at: .seconds(11))) != [.ready])
        #expect(answers(ask(final: false, at: .seconds(46))) == [.could])
    }

    @Test mutating func `does not wear the file while it waits for a slot`() {
        _ = ask(final: true)
        var actions = permit.handle(.replied(.full("till-3")), at: .zero)
        for round in 1...5 {
            let now = Duration.seconds(46 * round)
            actions += ask(final: true, at: now)
            actions += permit.handle(.replied(.full("till-3")), at: now)
        }
        let writes = actions.filter { if case .write = $0 { true } else { false } }
        #expect(writes == [])
        let end = permit.handle(.ended("d-1", .cancelled), at: .seconds(300))
        #expect(end.contains(.write(Record(boot: "b"))))
    }

    @Test mutating func `gives the slot back at once when another component defers`() {
        agree()
        #expect(permit.handle(.postponed("d-1"), at: .seconds(1)) == [.giveBack])
        #expect(permit.handle(.replied(.done), at: .seconds(2)) == [.write(Record(boot: "b"))])
    }

    @Test mutating func `gives back after an update when the device is steady, not before`() {
        agree()
        let ended = permit.handle(.ended("d-1", .applied), at: .seconds(100))
        #expect(!ended.contains(.giveBack))
        #expect(permit.nextDeadline == .seconds(160))
        #expect(permit.handle(.timePassed, at: .seconds(159)) == [])
        #expect(permit.handle(.timePassed, at: .seconds(160)) == [.giveBack])
    }

    @Test mutating func `is not steady before the health command says so`() {
        var policy = PermitPolicy()
        policy.hasHealthCommand = true
        permit = Machine(policy, record: Record(boot: "b"), boot: "b", seed: 1, at: .zero)
        agree()
        _ = permit.handle(.ended("d-1", .applied), at: .zero)
        #expect(permit.handle(.timePassed, at: .seconds(60)) == [.checkHealth])
        let sick = permit.handle(.checked(complaint: "exit 1"), at: .seconds(61))
        #expect(!sick.contains(.giveBack))
        #expect(permit.handle(.timePassed, at: .seconds(120)) == [.checkHealth])
        #expect(permit.handle(.checked(complaint: nil), at: .seconds(121)) == [.giveBack])
    }

    @Test(arguments: [Outcome.failed, .rolledBack, .unknown])
    mutating func `keeps the slot after an update that is not applied`(outcome: Outcome) {
        agree()
        let actions = permit.handle(.ended("d-1", outcome), at: .seconds(100))
        var record = claimed()
        record.kept = "d-1 ended as \(outcome.rawValue)"
        #expect(actions.contains(.write(record)) && !actions.contains(.giveBack))
        #expect(permit.nextDeadline == nil)
        #expect(permit.handle(.released, at: .seconds(200)).contains(.giveBack))
    }

    @Test mutating func `writes down that the operator gives the slot back before it does`() {
        agree()
        #expect(
            permit.handle(.released, at: .seconds(1)) == [
                .log(.notice, "the operator gives the slot back"), .write(claimed()), .giveBack,
            ]
        )
    }

    @Test mutating func `gives a kept slot back after a better update`() {
        agree()
        _ = permit.handle(.ended("d-1", .failed), at: .zero)
        #expect(ask("d-2", final: true).last == .claim)
        #expect(answers(permit.handle(.replied(.done), at: .zero)) == [.ready])
        _ = permit.handle(.ended("d-2", .applied), at: .zero)
        #expect(permit.handle(.timePassed, at: .seconds(60)) == [.giveBack])
    }

    @Test mutating func `keeps the slot after a bad update that follows a good one`() {
        agree()
        _ = permit.handle(.ended("d-1", .applied), at: .zero)
        agree(to: "d-2", at: .seconds(1))
        let actions = permit.handle(.ended("d-2", .failed), at: .seconds(2))
        var record = claimed()
        record.kept = "d-2 ended as failed"
        #expect(actions.contains(.write(record)))
        #expect(permit.handle(.timePassed, at: .seconds(600)) == [])
    }

    @Test mutating func `takes the health of an earlier moment for none after an update`() {
        var policy = PermitPolicy()
        policy.hasHealthCommand = true
        permit = Machine(policy, record: Record(boot: "b"), boot: "b", seed: 1, at: .zero)
        agree()
        _ = permit.handle(.ended("d-1", .applied), at: .zero)
        #expect(permit.handle(.timePassed, at: .seconds(60)) == [.checkHealth])
        agree(to: "d-2", at: .seconds(61))
        _ = permit.handle(.ended("d-2", .applied), at: .seconds(62))
        // One command at a time: it goes on until after the second update's moment.
        #expect(permit.handle(.timePassed, at: .seconds(122)) == [])
        #expect(permit.handle(.checked(complaint: nil), at: .seconds(123)) == [])
        #expect(permit.nextDeadline == .seconds(122))
        #expect(permit.handle(.timePassed, at: .seconds(123)) == [.checkHealth])
        #expect(permit.handle(.checked(complaint: nil), at: .seconds(124)) == [.giveBack])
    }

    @Test mutating func `keeps a kept slot when the next update is cancelled`() {
        agree()
        _ = permit.handle(.ended("d-1", .failed), at: .zero)
        _ = ask("d-2", final: true)
        _ = permit.handle(.replied(.done), at: .zero)
        #expect(!permit.handle(.ended("d-2", .cancelled), at: .zero).contains(.giveBack))
    }

    @Test mutating func `whose claim's answer was lost counts as held, and is given back`() {
        _ = ask(final: true)
        let actions = permit.handle(.replied(.absent("timed out")), at: .zero)
        #expect(actions.last == .giveBack)
        #expect(permit.handle(.replied(.absent("timed out")), at: .seconds(10)).count == 1)
        #expect(permit.nextDeadline != nil)
        #expect(permit.handle(.timePassed, at: .seconds(60)) == [.giveBack])
    }

    @Test mutating func `that may still hold a slot is not free of it because others hold all`() {
        _ = ask(final: true)
        _ = permit.handle(.replied(.absent("timed out")), at: .zero)
        _ = permit.handle(.replied(.absent("timed out")), at: .seconds(10))
        #expect(ask(final: true, at: .seconds(46)).contains(.claim))
        // The first claim may still be on its way.
        #expect(permit.handle(.replied(.full("till-3")), at: .seconds(46)).last == .giveBack)
    }

    @Test mutating func `says no to an update that is forced, and remembers it`() {
        guard case .defer? = answers(ask(final: true, forced: true)).first else {
            Issue.record("a yes without a slot")
            return
        }
        let actions = permit.handle(.ended("d-1", .applied), at: .zero)
        var record = Record(boot: "b")
        record.withoutPermit = ["d-1"]
        #expect(actions.last == .write(record))
    }
}

@Suite("A permit without a server") struct OfflineTests {
    private static let limit = Duration.seconds(6 * 3_600)

    private func run(
        _ policy: PermitPolicy,
        _ reply: Reply,
        every pause: Duration
    ) -> (Duration, [Machine.Action])? {
        var permit = Machine(policy, record: Record(boot: "b"), boot: "b", seed: 1, at: .zero)
        var (now, number) = (Duration.zero, 0)
        while now <= .seconds(90_000) {
            number += 1
            let question = Machine.Question("d-1", .reboot, final: true)
            _ = permit.handle(.asked(.init(number: number), question), at: now)
            let actions = permit.handle(.replied(reply), at: now)
            if actions.contains(.answer(.init(number: number), .ready)) { return (now, actions) }
            _ = permit.handle(.replied(reply), at: now)
            now += pause
        }
        return nil
    }

    @Test func `waits by default`() {
        let end = run(PermitPolicy(), .absent("no route"), every: .seconds(60))
        #expect(end == nil)
    }

    @Test func `goes ahead where it may, when it may, and remembers it`() throws {
        var policy = PermitPolicy()
        policy.proceedAfter = Self.limit
        let (time, actions) = try #require(
            run(policy, .absent("no route"), every: .seconds(60))
        )
        #expect(time == Self.limit)
        var record = Record(boot: "b")
        (record.isClaimed, record.updates) = (true, ["d-1"])
        record.withoutPermit = ["d-1"]
        #expect(actions.contains(.write(record)))
    }

    @Test func `takes a refusal for no absence`() {
        var policy = PermitPolicy()
        policy.proceedAfter = Self.limit
        let end = run(policy, .refused("certificate"), every: .seconds(60))
        #expect(end == nil)
    }

    @Test func `takes two failures hours apart for no absence`() {
        var policy = PermitPolicy()
        policy.proceedAfter = Self.limit
        let end = run(policy, .absent("no route"), every: .seconds(3_600))
        #expect(end == nil)
    }
}
