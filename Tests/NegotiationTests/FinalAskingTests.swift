// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

/// What is asked once more when the last participant stops blocking.
@Suite("The final asking") struct FinalAskingTests {
    @Test func `asks whoever acts only on a final notice`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm")
        harness.subscribe("camera", confirm: true)
        harness.announce()
        harness.answer("camera", round: 1)
        harness.skip()
        harness.answer("arm")
        harness.answer("camera", round: 2)
        #expect(
            harness.read() == """
                0 s  arm ← granted 0 s, 12 h left
                0 s  camera ← notice d-1 round 2, respond by 60 s, final
                0 s  camera ← granted 0 s, 12 h left
                0 s  nucleus ← released d-1 on consent after 0 s
                """
        )
    }

    @Test func `takes an answer to an old round, or to none, for "I could"`() {
        let harness = askedFinally()
        harness.answer("camera", round: 1)
        #expect(harness.blockers() == ["camera"])
        harness.answer("camera")
        #expect(harness.blockers() == ["camera"])
        harness.answer("camera", round: 2)
        #expect(!harness.isWaiting())
    }

    @Test func `takes an answer to an old round from a plain component as it is`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce()
        harness.answer("camera", .seconds(10))
        harness.wait(.seconds(10))
        harness.answer("camera", round: 1)
        #expect(!harness.isWaiting())
    }

    @Test func `ends with any deferral, and sends back to work whoever may have acted`() {
        let harness = askedFinally("arm")
        harness.subscribe("door")
        harness.answer("camera", round: 2)
        harness.skip()
        harness.answer("arm", .seconds(30))
        #expect(
            harness.read() == """
                0 s  arm ← granted 30 s, 43170 s left
                0 s  camera ← notice d-1 round 3, respond by 60 s
                """
        )
        #expect(harness.blockers() == ["arm", "camera", "door"])
    }

    @Test func `tells the one that deferred to go back to work, without asking it`() {
        let harness = askedFinally()
        harness.answer("camera", .seconds(30), round: 2)
        #expect(
            harness.read() == """
                0 s  camera ← granted 30 s, 43170 s left
                0 s  camera ← notice d-1 round 3, respond by 60 s
                """
        )
        #expect(harness.state("camera") == .deferred)
    }

    @Test func `is held anew after a deferral, and an old final word does not count in it`() {
        let harness = askedFinally("arm")
        harness.answer("arm", .seconds(30))
        harness.answer("camera", round: 2)
        #expect(harness.state("camera") == .acknowledged)
        harness.skip()
        harness.answer("arm")
        #expect(harness.read().contains("camera ← notice d-1 round 4, respond by 60 s, final"))
        #expect(harness.isWaiting())
    }

    @Test func `asks who subscribes while it lasts`() {
        let harness = askedFinally()
        harness.subscribe("door")
        #expect(harness.read() == "0 s  door ← notice d-1 round 1, respond by 60 s, final")
        harness.answer("camera", round: 2)
        harness.answer("door")
        #expect(!harness.isWaiting())
    }

    @Test func `asks whoever acts on it and was silent until now`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm", "camera", confirm: true)
        harness.announce()
        harness.wait(.seconds(30))
        harness.answer("arm", .seconds(100))
        harness.wait(.seconds(100))
        harness.answer("arm")
        harness.skip()
        harness.answer("camera", round: 1)
        #expect(
            harness.read() == """
                130 s  camera ← granted 0 s, 43140 s left
                130 s  camera ← notice d-1 round 2, respond by 60 s, final
                """
        )
        harness.answer("arm", round: 3)
        harness.answer("camera", round: 2)
        #expect(harness.read().contains("released d-1 on consent"))
    }

    @Test func `asks again whose acknowledgement is older than twice the response time`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm", "camera")
        harness.announce()
        harness.answer("camera")
        harness.answer("arm", .milliseconds(120_001))
        harness.wait(.seconds(120))
        harness.skip()
        harness.wait(.milliseconds(1))
        harness.answer("arm")
        #expect(harness.read().contains("camera ← notice d-1 round 2, respond by 60 s, final"))
        harness.answer("camera")
        #expect(!harness.isWaiting())
    }

    @Test func `relies on an acknowledgement of just twice the response time`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm", "camera")
        harness.announce()
        harness.answer("camera")
        harness.answer("arm", .seconds(120))
        harness.wait(.seconds(120))
        harness.answer("arm")
        #expect(!harness.isWaiting())
    }

    @Test func `lets acknowledgements that go stale in turn not keep the gate shut`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm", "camera")
        harness.announce(policy: Policy(responseTimeout: .seconds(10)))
        harness.answer("camera")
        harness.answer("arm", .seconds(21))
        harness.wait(.seconds(21))
        harness.answer("arm")
        #expect(harness.blockers() == ["camera"])
        harness.answer("camera", .seconds(21))
        harness.wait(.seconds(21))
        harness.answer("camera")
        #expect(harness.blockers() == ["arm"])
        harness.wait(.seconds(9))
        harness.answer("arm")
        #expect(harness.read().contains("51 s  nucleus ← released d-1 on consent after 51 s"))
    }

    @Test func `goes by any live subscription's wish to confirm, and ends with it`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.subscribe("camera#2", confirm: true)
        harness.announce()
        harness.answer("camera")
        #expect(harness.blockers() == ["camera"])
        harness.hangUp("camera#2")
        harness.answer("camera")
        #expect(!harness.isWaiting())
    }

    @Test func `asks a confirming subscription that came after a plain acknowledgement`() {
        let harness = askedFinally("arm")
        harness.skip()
        harness.subscribe("arm#2", confirm: true)
        #expect(harness.read() == "0 s  arm#2 ← notice d-1 round 2, respond by 60 s, final")
        harness.answer("camera", round: 2)
        harness.answer("arm", round: 1)
        #expect(harness.blockers() == ["arm"])
        harness.answer("arm#2", round: 2)
        #expect(!harness.isWaiting())
    }

    @Test func `ends in silence where the final word does not come`() {
        let harness = askedFinally()
        harness.answer("camera", round: 1)
        harness.wait(.seconds(60))
        #expect(harness.read().contains("released d-1 on silence after 60 s, silent camera"))
    }

    /// A camera that confirms has just been asked finally; the others have acknowledged.
    private func askedFinally(_ others: String...) -> NegotiationHarness {
        let harness = NegotiationHarness()
        harness.subscribe("camera", confirm: true)
        for other in others { harness.subscribe(other) }
        harness.announce()
        for other in others { harness.answer(other) }
        harness.answer("camera", round: 1)
        harness.skip()
        return harness
    }
}
