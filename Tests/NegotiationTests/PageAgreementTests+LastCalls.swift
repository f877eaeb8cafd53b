// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

// Last calls, deferrals, and what a component is away from.

extension PageAgreementTests {
    @Test func `still owes an answer is told the time left, a silent component 0`() {
        let policy = Policy(responseTimeout: .seconds(30), deadline: .seconds(60))
        let harness = asked(policy, others: ["arm", "door"])
        harness.answer("arm", .seconds(60))
        harness.wait(.seconds(20))
        harness.subscribe("till")
        harness.answer("door")
        harness.skip()
        harness.wait(.seconds(10))
        #expect(
            harness.read() == """
                30 s  arm ← last call d-1 round 1, respond by 30 s, final
                30 s  camera ← last call d-1 round 1, respond by 0 s, final
                30 s  door ← last call d-1 round 1, respond by 30 s, final
                30 s  till ← last call d-1 round 1, respond by 20 s, final
                """
        )
    }

    @Test func `A budget has no last call where the deadline comes first`() {
        let harness = asked(Policy(deadline: .seconds(20), maxTotalDefer: .seconds(20)))
        harness.answer("camera", .seconds(20))
        harness.skip()
        harness.wait(.seconds(19))
        #expect(harness.notices["camera"]?.filter { $0.lastCall }.map(\.final) == [true])
    }

    @Test func `without a subscription, it follows at the next one`() {
        let harness = asked(Policy(maxTotalDefer: .seconds(40)))
        harness.wait(.seconds(19))
        harness.hangUp("camera")
        harness.wait(.seconds(2))
        #expect(harness.notices["camera"]?.count == 1)
        harness.skip()
        harness.subscribe("camera")
        harness.wait(.zero)
        #expect(
            harness.read() == """
                21 s  camera ← notice d-1 round 1, respond by 19 s
                21 s  camera ← last call d-1 round 1, respond by 19 s
                """
        )
    }

    @Test func `A component that subscribes after it gets the question and the last call`() {
        let harness = asked(Policy(deadline: .seconds(20)))
        harness.wait(.seconds(12))
        harness.skip()
        harness.subscribe("door")
        #expect(
            harness.read() == """
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
        #expect(budget.lastNotice("camera")?.respondBy == .zero)
    }

    @Test func `Of several running deferrals of a component the longest holds`() {
        let harness = asked(Policy(maxTotalDefer: .seconds(100)))
        harness.subscribe("camera#2")
        harness.answer("camera", .seconds(60))
        harness.skip()
        harness.answer("camera#2", .seconds(30))
        harness.answer("camera#2")
        #expect(
            harness.read() == """
                0 s  camera#2 ← granted 30 s, 40 s left
                0 s  camera#2 ← granted 0 s, 40 s left
                """
        )
        #expect(harness.participant("camera")?.until == .seconds(60))
    }

    @Test func `A deferral that was cut no longer counts in remainingMs`() {
        let harness = asked(Policy(maxTotalDefer: .seconds(100)))
        harness.answer("camera", .seconds(60))
        harness.wait(.seconds(10))
        harness.force()
        harness.skip()
        harness.answer("camera")
        #expect(harness.read() == "10 s  camera ← granted 0 s, 90 s left")
    }

    @Test func `its deferral has ended and it has no subscription`() {
        let harness = asked()
        harness.answer("camera", .seconds(60))
        harness.restart()
        harness.announce()
        harness.wait(.seconds(60))
        #expect(harness.state("camera") == .away)
        #expect(harness.participant("camera")?.until == .seconds(5))
        harness.wait(.seconds(5))
        #expect(harness.state("camera") == .gone)
        let other = asked()
        other.answer("camera")
        other.hangUp("camera")
        other.answer("camera#2", .seconds(30))
        #expect(other.state("camera") == .deferred)
        other.wait(.seconds(30))
        #expect(other.state("camera") == .away)
        #expect(other.participant("camera")?.until == .seconds(5))
    }

    @Test func `grace over → gone, or acknowledged again if it had acknowledged`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera", confirm: true)
        harness.subscribe("arm")
        harness.announce()
        harness.answer("camera")
        harness.restart()
        harness.announce()
        #expect(harness.state("camera") == .away)
        harness.wait(.seconds(5))
        #expect(harness.state("camera") == .acknowledged)
    }

    @Test func `While the update waits, a gone component's answer is an error`() {
        let harness = gone()
        harness.answer("camera#2")
        harness.answer("camera#2", .seconds(30))
        #expect(
            harness.read() == """
                5 s  camera#2 ← failed: not asked
                5 s  camera#2 ← failed: not asked
                """
        )
    }
}
