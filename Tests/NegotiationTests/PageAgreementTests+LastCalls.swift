// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

// Last calls, deferrals, and what a component is away from.

extension PageAgreementTests {
    @Test func `who still owes an answer is told the time left, who is silent 0`() {
        let policy = Policy(responseTimeout: .seconds(30), deadline: .seconds(60))
        let rehearsal = asked(policy, others: ["arm", "door"])
        rehearsal.answer("arm", .seconds(60))
        rehearsal.wait(.seconds(20))
        rehearsal.subscribe("till")
        rehearsal.answer("door")
        rehearsal.skip()
        rehearsal.wait(.seconds(10))
        #expect(
            rehearsal.read() == """
                30 s  arm ← last call d-1 round 1, respond by 30 s, final
                30 s  camera ← last call d-1 round 1, respond by 0 s, final
                30 s  door ← last call d-1 round 1, respond by 30 s, final
                30 s  till ← last call d-1 round 1, respond by 20 s, final
                """
        )
    }

    @Test func `A budget has no last call where the deadline comes first`() {
        let rehearsal = asked(Policy(deadline: .seconds(20), maxTotalDefer: .seconds(20)))
        rehearsal.answer("camera", .seconds(20))
        rehearsal.skip()
        rehearsal.wait(.seconds(19))
        #expect(rehearsal.notices["camera"]?.filter { $0.lastCall }.map(\.final) == [true])
    }

    @Test func `without a subscription it follows at the next one`() {
        let rehearsal = asked(Policy(maxTotalDefer: .seconds(40)))
        rehearsal.wait(.seconds(19))
        rehearsal.hangUp("camera")
        rehearsal.wait(.seconds(2))
        #expect(rehearsal.notices["camera"]?.count == 1)
        rehearsal.skip()
        rehearsal.subscribe("camera")
        rehearsal.wait(.zero)
        #expect(
            rehearsal.read() == """
                21 s  camera ← notice d-1 round 1, respond by 19 s
                21 s  camera ← last call d-1 round 1, respond by 19 s
                """
        )
    }

    @Test func `Whoever subscribes after it gets the question and the last call`() {
        let rehearsal = asked(Policy(deadline: .seconds(20)))
        rehearsal.wait(.seconds(12))
        rehearsal.skip()
        rehearsal.subscribe("door")
        #expect(
            rehearsal.read() == """
                12 s  door ← notice d-1 round 1, respond by 8 s
                12 s  door ← last call d-1 round 1, respond by 8 s, final
                """
        )
    }

    @Test func `The last calls of deadline and force have final, a budget's has not`() {
        let deadline = asked(Policy(deadline: .seconds(20)))
        deadline.wait(.seconds(10))
        #expect(deadline.lastNotice("camera")?.final == true)
        let budget = asked(Policy(maxTotalDefer: .seconds(20)))
        budget.wait(.seconds(10))
        #expect(budget.lastNotice("camera")?.lastCall == true)
        #expect(budget.lastNotice("camera")?.final == false)
        budget.force()
        #expect(budget.lastNotice("camera")?.final == true)
    }

    @Test func `Of several running deferrals of a component the longest holds`() {
        let rehearsal = asked(Policy(maxTotalDefer: .seconds(100)))
        rehearsal.subscribe("camera#2")
        rehearsal.answer("camera", .seconds(60))
        rehearsal.skip()
        rehearsal.answer("camera#2", .seconds(30))
        rehearsal.answer("camera#2")
        #expect(
            rehearsal.read() == """
                0 s  camera#2 ← granted 30 s, 40 s left
                0 s  camera#2 ← granted 0 s, 40 s left
                """
        )
        #expect(rehearsal.participant("camera")?.until == .seconds(60))
    }

    @Test func `A deferral that was cut no longer counts in remainingMs`() {
        let rehearsal = asked(Policy(maxTotalDefer: .seconds(100)))
        rehearsal.answer("camera", .seconds(60))
        rehearsal.wait(.seconds(10))
        rehearsal.force()
        rehearsal.skip()
        rehearsal.answer("camera")
        #expect(rehearsal.read() == "10 s  camera ← granted 0 s, 90 s left")
    }

    @Test func `its deferral has ended and it has no subscription`() {
        let rehearsal = asked()
        rehearsal.answer("camera", .seconds(60))
        rehearsal.restart()
        rehearsal.announce()
        rehearsal.wait(.seconds(60))
        #expect(rehearsal.state("camera") == .away)
        #expect(rehearsal.participant("camera")?.until == .seconds(5))
        rehearsal.wait(.seconds(5))
        #expect(rehearsal.state("camera") == .gone)
    }

    @Test func `grace over → gone, or acknowledged again if it had acknowledged`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera", confirm: true)
        rehearsal.subscribe("arm")
        rehearsal.announce()
        rehearsal.answer("camera")
        rehearsal.restart()
        rehearsal.announce()
        #expect(rehearsal.state("camera") == .away)
        rehearsal.wait(.seconds(5))
        #expect(rehearsal.state("camera") == .acknowledged)
    }

    @Test func `While the update waits, a gone component's answer is an error`() {
        let rehearsal = gone()
        rehearsal.answer("camera#2")
        rehearsal.answer("camera#2", .seconds(30))
        #expect(
            rehearsal.read() == """
                5 s  camera#2 ← failed: not asked
                5 s  camera#2 ← failed: not asked
                """
        )
    }
}
