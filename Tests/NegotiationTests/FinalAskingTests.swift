// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

/// What is asked once more when the last participant stops blocking.
@Suite("The final asking") struct FinalAskingTests {
    @Test func `asks whoever acts only on a final notice`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm")
        rehearsal.subscribe("camera", confirm: true)
        rehearsal.announce()
        rehearsal.answer("camera", round: 1)
        rehearsal.skip()
        rehearsal.answer("arm")
        rehearsal.answer("camera", round: 2)
        #expect(
            rehearsal.read() == """
                0 s  arm ← granted 0 s, 12 h left
                0 s  camera ← notice d-1 round 2, respond by 60 s, final
                0 s  camera ← granted 0 s, 12 h left
                0 s  nucleus ← released d-1 on consent after 0 s
                """
        )
    }

    @Test func `takes an answer to an old round, or to none, for "I could"`() {
        let rehearsal = askedFinally()
        rehearsal.answer("camera", round: 1)
        #expect(rehearsal.blockers() == ["camera"])
        rehearsal.answer("camera")
        #expect(rehearsal.blockers() == ["camera"])
        rehearsal.answer("camera", round: 2)
        #expect(!rehearsal.isWaiting())
    }

    @Test func `takes an answer to an old round from a plain component as it is`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce()
        rehearsal.answer("camera", .seconds(10))
        rehearsal.wait(.seconds(10))
        rehearsal.answer("camera", round: 1)
        #expect(!rehearsal.isWaiting())
    }

    @Test func `ends with any deferral, and sends back to work whoever may have acted`() {
        let rehearsal = askedFinally("arm")
        rehearsal.subscribe("door")
        rehearsal.answer("camera", round: 2)
        rehearsal.skip()
        rehearsal.answer("arm", .seconds(30))
        #expect(
            rehearsal.read() == """
                0 s  arm ← granted 30 s, 43170 s left
                0 s  camera ← notice d-1 round 3, respond by 60 s
                """
        )
        #expect(rehearsal.blockers() == ["arm", "camera", "door"])
    }

    @Test func `tells the one that deferred to go back to work, without asking it`() {
        let rehearsal = askedFinally()
        rehearsal.answer("camera", .seconds(30), round: 2)
        #expect(
            rehearsal.read() == """
                0 s  camera ← granted 30 s, 43170 s left
                0 s  camera ← notice d-1 round 3, respond by 60 s
                """
        )
        #expect(rehearsal.state("camera") == .deferred)
    }

    @Test func `is held anew after a deferral, and an old final word does not count in it`() {
        let rehearsal = askedFinally("arm")
        rehearsal.answer("arm", .seconds(30))
        rehearsal.answer("camera", round: 2)
        #expect(rehearsal.state("camera") == .acknowledged)
        rehearsal.skip()
        rehearsal.answer("arm")
        #expect(rehearsal.read().contains("camera ← notice d-1 round 4, respond by 60 s, final"))
        #expect(rehearsal.isWaiting())
    }

    @Test func `asks who subscribes while it lasts`() {
        let rehearsal = askedFinally()
        rehearsal.subscribe("door")
        #expect(rehearsal.read() == "0 s  door ← notice d-1 round 1, respond by 60 s, final")
        rehearsal.answer("camera", round: 2)
        rehearsal.answer("door")
        #expect(!rehearsal.isWaiting())
    }

    @Test func `asks whoever acts on it and was silent until now`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm", "camera", confirm: true)
        rehearsal.announce()
        rehearsal.wait(.seconds(30))
        rehearsal.answer("arm", .seconds(100))
        rehearsal.wait(.seconds(100))
        rehearsal.answer("arm")
        rehearsal.skip()
        rehearsal.answer("camera", round: 1)
        #expect(
            rehearsal.read() == """
                130 s  camera ← granted 0 s, 43140 s left
                130 s  camera ← notice d-1 round 2, respond by 60 s, final
                """
        )
        rehearsal.answer("arm", round: 3)
        rehearsal.answer("camera", round: 2)
        #expect(rehearsal.read().contains("released d-1 on consent"))
    }

    @Test func `asks again whose acknowledgement is older than twice the response time`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm", "camera")
        rehearsal.announce()
        rehearsal.answer("camera")
        rehearsal.answer("arm", .milliseconds(120_001))
        rehearsal.wait(.seconds(120))
        rehearsal.skip()
        rehearsal.wait(.milliseconds(1))
        rehearsal.answer("arm")
        #expect(rehearsal.read().contains("camera ← notice d-1 round 2, respond by 60 s, final"))
        rehearsal.answer("camera")
        #expect(!rehearsal.isWaiting())
    }

    @Test func `relies on an acknowledgement of just twice the response time`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm", "camera")
        rehearsal.announce()
        rehearsal.answer("camera")
        rehearsal.answer("arm", .seconds(120))
        rehearsal.wait(.seconds(120))
        rehearsal.answer("arm")
        #expect(!rehearsal.isWaiting())
    }

    @Test func `lets acknowledgements that go stale in turn not keep the gate shut`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm", "camera")
        rehearsal.announce(policy: Policy(responseTimeout: .seconds(10)))
        rehearsal.answer("camera")
        rehearsal.answer("arm", .seconds(21))
        rehearsal.wait(.seconds(21))
        rehearsal.answer("arm")
        #expect(rehearsal.blockers() == ["camera"])
        rehearsal.answer("camera", .seconds(21))
        rehearsal.wait(.seconds(21))
        rehearsal.answer("camera")
        #expect(rehearsal.blockers() == ["arm"])
        rehearsal.wait(.seconds(9))
        rehearsal.answer("arm")
        #expect(rehearsal.read().contains("51 s  nucleus ← released d-1 on consent after 51 s"))
    }

    @Test func `goes by any live subscription's wish to confirm, and ends with it`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.subscribe("camera#2", confirm: true)
        rehearsal.announce()
        rehearsal.answer("camera")
        #expect(rehearsal.blockers() == ["camera"])
        rehearsal.hangUp("camera#2")
        rehearsal.answer("camera")
        #expect(!rehearsal.isWaiting())
    }

    @Test func `asks a confirming subscription that came after a plain acknowledgement`() {
        let rehearsal = askedFinally("arm")
        rehearsal.skip()
        rehearsal.subscribe("arm#2", confirm: true)
        #expect(rehearsal.read() == "0 s  arm#2 ← notice d-1 round 2, respond by 60 s, final")
        rehearsal.answer("camera", round: 2)
        rehearsal.answer("arm", round: 1)
        #expect(rehearsal.blockers() == ["arm"])
        rehearsal.answer("arm#2", round: 2)
        #expect(!rehearsal.isWaiting())
    }

    @Test func `ends in silence where the final word does not come`() {
        let rehearsal = askedFinally()
        rehearsal.answer("camera", round: 1)
        rehearsal.wait(.seconds(60))
        #expect(rehearsal.read().contains("released d-1 on silence after 60 s, silent camera"))
    }

    /// A camera that confirms has just been asked finally; the others have acknowledged.
    private func askedFinally(_ others: String...) -> Rehearsal {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera", confirm: true)
        for other in others { rehearsal.subscribe(other) }
        rehearsal.announce()
        for other in others { rehearsal.answer(other) }
        rehearsal.answer("camera", round: 1)
        rehearsal.skip()
        return rehearsal
    }
}
