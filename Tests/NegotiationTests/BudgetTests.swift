// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

/// What a deferral is granted, and how long anybody may block.
@Suite("A budget") struct BudgetTests {
    @Test func `grants no more than one answer may have`() {
        let harness = asked()
        harness.answer("camera", .milliseconds(Int64.max))
        #expect(harness.read() == "0 s  camera ← granted 1 h, 11 h left")
    }

    @Test func `grants no less than a tenth of a second`() {
        let harness = asked()
        harness.answer("camera", .milliseconds(1))
        #expect(harness.read() == "0 s  camera ← granted 0.1 s, 43199.9 s left")
    }

    @Test func `grants what was asked for, and says what is left`() {
        let harness = asked()
        harness.wait(.seconds(10))
        harness.answer("camera", .milliseconds(101))
        #expect(harness.read() == "10 s  camera ← granted 0.101 s, 43189.899 s left")
    }

    @Test func `takes no negative deferral, for consent or otherwise`() {
        let harness = asked()
        harness.answer("camera", .milliseconds(-1))
        #expect(harness.read() == "0 s  camera ← failed: not asked")
        #expect(harness.state("camera") == .asked)
    }

    @Test func `grants no more than the deadline leaves`() {
        let harness = asked(Policy(deadline: .seconds(100)))
        harness.wait(.seconds(20))
        harness.answer("camera", .seconds(3_600))
        #expect(harness.read() == "20 s  camera ← granted 80 s, 43100 s left")
    }

    @Test func `is spent by everything that blocks, and never refunded`() {
        let harness = asked(Policy(maxTotalDefer: .seconds(100)))
        harness.wait(.seconds(20))
        harness.answer("camera", .seconds(40))
        harness.wait(.seconds(10))
        harness.hangUp("camera")
        harness.wait(.seconds(3))
        harness.subscribe("camera")
        harness.answer("arm", .seconds(60))
        harness.answer("camera")
        harness.wait(.seconds(10))
        harness.skip()
        harness.answer("camera", .seconds(90))
        #expect(harness.read() == "43 s  camera ← granted 67 s, 0 s left")
        #expect(harness.participant("camera")?.blocked == .seconds(33))
    }

    @Test func `counts what an interrupted deferral used, and gives back what it did not`() {
        let harness = asked(Policy(maxTotalDefer: .seconds(100)))
        harness.answer("camera", .seconds(90))
        harness.wait(.seconds(5))
        harness.answer("camera", .seconds(10))
        #expect(harness.read().contains("5 s  camera ← granted 10 s, 85 s left"))
    }

    @Test func `gives a last call, which moves nothing`() {
        let harness = asked(
            Policy(responseTimeout: .seconds(10), maxTotalDefer: .seconds(100)),
            others: []
        )
        harness.answer("camera", .seconds(95))
        harness.wait(.milliseconds(89_999))
        harness.skip()
        harness.wait(.seconds(20))
        #expect(
            harness.read() == """
                90 s  camera ← last call d-1 round 1, respond by 10 s
                95 s  camera ← notice d-1 round 2, respond by 5 s
                100 s  nucleus ← released d-1 on silence after 100 s, silent camera
                """
        )
    }

    @Test func `shorter than two response times gives its last call at half of it`() {
        let harness = asked(Policy(maxTotalDefer: .seconds(20)), others: [])
        harness.wait(.seconds(20))
        #expect(
            harness.read() == """
                10 s  camera ← last call d-1 round 1, respond by 10 s
                20 s  nucleus ← released d-1 on silence after 20 s, silent camera
                """
        )
    }

    @Test func `that ends overrides whoever holds a deferral, wherever it is`() {
        let harness = asked(Policy(maxTotalDefer: .seconds(20)))
        harness.answer("camera", .seconds(60))
        harness.wait(.seconds(18))
        harness.hangUp("camera")
        harness.wait(.seconds(2))
        #expect(harness.state("camera") == .overridden)
    }

    @Test func `that ends leaves nothing to grant, and consent without effect`() {
        let harness = asked(Policy(maxTotalDefer: .seconds(20)))
        harness.answer("camera", .seconds(60))
        harness.wait(.seconds(10))
        harness.subscribe("door")
        harness.wait(.seconds(10))
        harness.skip()
        harness.answer("camera", .seconds(1))
        harness.answer("camera")
        harness.subscribe("camera#2")
        #expect(
            harness.read() == """
                20 s  camera ← failed: budget spent
                20 s  camera ← granted 0 s, 0 s left
                """
        )
        #expect(harness.state("camera") == .overridden)
    }

    @Test func `overrides a deferral to its end, also within the last millisecond`() {
        let harness = asked(
            Policy(maxTotalDefer: .seconds(20), onSilence: .refuse),
            others: []
        )
        harness.wait(.microseconds(1_400))
        harness.answer("camera", .seconds(60))
        harness.wait(.seconds(30))
        #expect(
            harness.read() == """
                0.001 s  camera ← granted 19.998 s, 0 s left
                10 s  camera ← last call d-1 round 1, respond by 10 s
                20 s  nucleus ← released d-1 on capped after 20 s, overridden camera
                """
        )
    }

    @Test(arguments: [Policy(maxTotalDefer: .zero), Policy(responseTimeout: .zero)])
    func `of nothing, like a response time of nothing, means told, not asked`(policy: Policy) {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce(policy: policy)
        #expect(
            harness.read() == """
                0 s  nucleus ← attached d-1 to camera
                0 s  camera ← notice d-1 round 1, respond by 0 s
                0 s  nucleus ← released d-1 on silence after 0 s, silent camera
                """
        )
    }

    @Test func `tells each notice the most that would be granted now`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce(policy: Policy(deadline: .seconds(100), maxDefer: .seconds(50)))
        #expect(harness.lastNotice("camera")?.maxDefer == .seconds(50))
        harness.wait(.seconds(30))
        harness.answer("camera", .seconds(50))
        harness.wait(.seconds(50))
        #expect(harness.lastNotice("camera")?.maxDefer == .seconds(20))
        #expect(harness.lastNotice("camera")?.deadlineIn == .seconds(20))
    }

    /// A camera has just been asked. Others keep the gate shut, as long as they may.
    private func asked(_ policy: Policy = Policy(), others: [String] = ["arm"])
        -> NegotiationHarness
    {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        for other in others { harness.subscribe(other) }
        harness.announce(policy: policy)
        harness.skip()
        return harness
    }
}
