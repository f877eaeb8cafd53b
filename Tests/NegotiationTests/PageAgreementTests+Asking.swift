// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

// Rounds, the final asking, and what the notices say.

extension PageAgreementTests {
    @Test func `A returning subscription hears the standing question in the same round`() {
        let harness = asked()
        harness.hangUp("camera")
        harness.wait(.seconds(2))
        harness.subscribe("camera")
        #expect(harness.read() == "2 s  camera ← notice d-1 round 1, respond by 58 s")
    }

    @Test func `is asked in the same round, its only subscription in the next`() {
        let harness = asked()
        harness.wait(.seconds(10))
        harness.answer("camera")
        harness.skip()
        harness.subscribe("camera#2")
        harness.answer("camera")
        harness.hangUp("camera")
        harness.hangUp("camera#2")
        harness.subscribe("camera#3")
        #expect(
            harness.read() == """
                10 s  camera#2 ← notice d-1 round 1, respond by 60 s
                10 s  camera ← granted 0 s, 43190 s left
                10 s  camera#3 ← notice d-1 round 2, respond by 60 s
                """
        )
    }

    @Test func `whose deferral ended while it was away is asked in the next round`() {
        let harness = asked(Policy(maxTotalDefer: .seconds(40)))
        harness.answer("camera", .seconds(38))
        harness.wait(.seconds(20))
        harness.subscribe("door")
        harness.wait(.seconds(17))
        harness.hangUp("camera")
        harness.wait(.seconds(4))
        #expect(harness.state("camera") == .silent)
        harness.skip()
        harness.subscribe("camera")
        #expect(harness.read() == "41 s  camera ← notice d-1 round 2, respond by 0 s")
        #expect(harness.state("camera") == .silent)
    }

    @Test func `The first final notice to a component in a final asking has a new round`() {
        let harness = finallyAsking()
        harness.wait(.seconds(1))
        harness.subscribe("camera#2")
        harness.subscribe("camera#3", confirm: true)
        #expect(
            harness.read() == """
                60 s  arm ← notice d-1 round 2, respond by 60 s, final
                61 s  camera#2 ← notice d-1 round 2, respond by 0 s, final
                61 s  camera#3 ← notice d-1 round 2, respond by 0 s, final
                """
        )
    }

    @Test func `the next, in a final asking as well`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm", "camera", confirm: true)
        harness.announce()
        harness.answer("arm")
        harness.answer("camera")
        harness.answer("arm", round: 2)
        harness.hangUp("arm")
        harness.skip()
        harness.subscribe("arm", confirm: true)
        #expect(harness.read() == "0 s  arm ← notice d-1 round 3, respond by 60 s, final")
    }

    @Test func `What is answered in a final asking goes stale only in a later one`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm", confirm: true)
        harness.subscribe("camera")
        harness.announce(policy: Policy(responseTimeout: .seconds(10)))
        harness.answer("camera")
        harness.answer("arm", .seconds(25))
        harness.wait(.seconds(25))
        harness.answer("arm")
        harness.answer("camera")
        #expect(harness.state("camera") == .acknowledged)
        harness.answer("arm", .seconds(21), round: 3)
        harness.wait(.seconds(21))
        harness.skip()
        harness.answer("arm")
        #expect(harness.read().contains("camera ← notice d-1 round 3, respond by 10 s, final"))
    }

    @Test func `With no coordinator no final asking begins; one that has begun goes on`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm", "camera", confirm: true)
        harness.announce()
        harness.leave()
        harness.answer("arm")
        harness.answer("camera")
        #expect(harness.blockers().isEmpty)
        harness.announce()
        #expect(harness.blockers() == ["arm", "camera"])
        harness.leave()
        harness.answer("arm", round: 2)
        harness.answer("camera", round: 2)
        harness.skip()
        harness.announce()
        #expect(harness.read().contains("released d-1 on consent"))
    }

    @Test func `A final word is not taken back by a later 0 without its round`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm", "camera", confirm: true)
        harness.announce()
        harness.answer("arm")
        harness.answer("camera")
        harness.answer("camera", round: 2)
        harness.answer("camera")
        harness.answer("camera", round: 1)
        harness.skip()
        harness.answer("arm", round: 2)
        #expect(harness.read().contains("released d-1 on consent"))
    }

    @Test func `The notice to go back to work has a new round and the response time`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera", confirm: true)
        harness.announce()
        harness.answer("camera")
        harness.wait(.seconds(5))
        harness.skip()
        harness.answer("camera", .seconds(100))
        #expect(
            harness.read() == """
                5 s  camera ← granted 100 s, 43095 s left
                5 s  camera ← notice d-1 round 3, respond by 60 s
                """
        )
        #expect(harness.participant("camera")?.until == .seconds(100))
    }

    @Test func `After the deadline a component is told, not asked: it is silent at once`() {
        let harness = asked(Policy(deadline: .seconds(20)))
        harness.wait(.seconds(10))
        harness.hangUp("arm")
        harness.wait(.seconds(8))
        harness.leave()
        harness.wait(.seconds(3))
        harness.skip()
        harness.subscribe("arm")
        #expect(harness.lastNotice("arm")?.respondBy == .zero)
        #expect(harness.state("arm") == .silent)
        harness.skip()
        harness.subscribe("door")
        #expect(
            harness.read() == """
                21 s  door ← notice d-1 round 1, respond by 0 s
                21 s  door ← last call d-1 round 1, respond by 0 s, final
                """
        )
        #expect(harness.state("door") == .silent)
        harness.announce()
        #expect(harness.read().contains("on deadline after 21 s, silent arm camera door"))
    }

    @Test func `Notices of several updates come in the order of their announcement`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm")
        harness.announce("d-2")
        harness.wait(.seconds(1))
        harness.announce("d-1", by: "nucleus#2")
        harness.skip()
        harness.subscribe("camera")
        #expect(
            harness.read() == """
                1 s  camera ← notice d-2 round 1, respond by 60 s
                1 s  camera ← notice d-1 round 1, respond by 60 s
                """
        )
    }

    /// A camera that confirms is silent; an arm that confirms has just been asked finally.
    private func finallyAsking() -> NegotiationHarness {
        let harness = NegotiationHarness()
        harness.subscribe("arm", "camera", confirm: true)
        harness.announce()
        harness.answer("arm")
        harness.skip()
        harness.wait(.seconds(60))
        return harness
    }
}
