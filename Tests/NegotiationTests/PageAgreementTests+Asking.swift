// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

// Rounds, the final asking, and what the notices say.

extension PageAgreementTests {
    @Test func `A returning subscription hears the standing question in the same round`() {
        let rehearsal = asked()
        rehearsal.hangUp("camera")
        rehearsal.wait(.seconds(2))
        rehearsal.subscribe("camera")
        #expect(rehearsal.read() == "2 s  camera ← notice d-1 round 1, respond by 58 s")
    }

    @Test func `is asked in the same round, its only subscription in the next`() {
        let rehearsal = asked()
        rehearsal.wait(.seconds(10))
        rehearsal.answer("camera")
        rehearsal.skip()
        rehearsal.subscribe("camera#2")
        rehearsal.answer("camera")
        rehearsal.hangUp("camera")
        rehearsal.hangUp("camera#2")
        rehearsal.subscribe("camera#3")
        #expect(
            rehearsal.read() == """
                10 s  camera#2 ← notice d-1 round 1, respond by 60 s
                10 s  camera ← granted 0 s, 43190 s left
                10 s  camera#3 ← notice d-1 round 2, respond by 60 s
                """
        )
    }

    @Test func `All final notices of one final asking have one round, which is a new one`() {
        let rehearsal = finallyAsking()
        rehearsal.wait(.seconds(1))
        rehearsal.subscribe("camera#2")
        rehearsal.subscribe("camera#3", confirm: true)
        #expect(
            rehearsal.read() == """
                60 s  arm ← notice d-1 round 2, respond by 60 s, final
                61 s  camera#2 ← notice d-1 round 2, respond by 0 s, final
                61 s  camera#3 ← notice d-1 round 2, respond by 0 s, final
                """
        )
    }

    @Test func `What is answered in a final asking goes stale only in a later one`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm", confirm: true)
        rehearsal.subscribe("camera")
        rehearsal.announce(policy: Policy(responseTimeout: .seconds(10)))
        rehearsal.answer("camera")
        rehearsal.answer("arm", .seconds(25))
        rehearsal.wait(.seconds(25))
        rehearsal.answer("arm")
        rehearsal.answer("camera")
        #expect(rehearsal.state("camera") == .acknowledged)
        rehearsal.answer("arm", .seconds(21), round: 3)
        rehearsal.wait(.seconds(21))
        rehearsal.skip()
        rehearsal.answer("arm")
        #expect(rehearsal.read().contains("camera ← notice d-1 round 3, respond by 10 s, final"))
    }

    @Test func `With no coordinator no final asking begins; one that has begun goes on`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm", "camera", confirm: true)
        rehearsal.announce()
        rehearsal.leave()
        rehearsal.answer("arm")
        rehearsal.answer("camera")
        #expect(rehearsal.blockers().isEmpty)
        rehearsal.announce()
        #expect(rehearsal.blockers() == ["arm", "camera"])
        rehearsal.leave()
        rehearsal.answer("arm", round: 2)
        rehearsal.answer("camera", round: 2)
        rehearsal.skip()
        rehearsal.announce()
        #expect(rehearsal.read().contains("released d-1 on consent"))
    }

    @Test func `A final word is not taken back by a later 0 without its round`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm", "camera", confirm: true)
        rehearsal.announce()
        rehearsal.answer("arm")
        rehearsal.answer("camera")
        rehearsal.answer("camera", round: 2)
        rehearsal.answer("camera")
        rehearsal.answer("camera", round: 1)
        rehearsal.skip()
        rehearsal.answer("arm", round: 2)
        #expect(rehearsal.read().contains("released d-1 on consent"))
    }

    @Test func `The notice to go back to work has a new round and the response time`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera", confirm: true)
        rehearsal.announce()
        rehearsal.answer("camera")
        rehearsal.wait(.seconds(5))
        rehearsal.skip()
        rehearsal.answer("camera", .seconds(100))
        #expect(
            rehearsal.read() == """
                5 s  camera ← granted 100 s, 43095 s left
                5 s  camera ← notice d-1 round 3, respond by 60 s
                """
        )
        #expect(rehearsal.participant("camera")?.until == .seconds(100))
    }

    @Test func `After the deadline a component is told, not asked: it is silent at once`() {
        let rehearsal = asked(Policy(deadline: .seconds(20)))
        rehearsal.wait(.seconds(18))
        rehearsal.leave()
        rehearsal.wait(.seconds(3))
        rehearsal.skip()
        rehearsal.subscribe("door")
        #expect(
            rehearsal.read() == """
                21 s  door ← notice d-1 round 1, respond by 0 s
                21 s  door ← last call d-1 round 1, respond by 0 s, final
                """
        )
        #expect(rehearsal.state("door") == .silent)
        rehearsal.announce()
        #expect(rehearsal.read().contains("on deadline after 21 s, silent arm camera door"))
    }

    @Test func `Notices of several updates come in the order of their ids`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm")
        rehearsal.announce("d-2")
        rehearsal.announce("d-1", by: "nucleus#2")
        rehearsal.skip()
        rehearsal.subscribe("camera")
        #expect(
            rehearsal.read() == """
                0 s  camera ← notice d-1 round 1, respond by 60 s
                0 s  camera ← notice d-2 round 1, respond by 60 s
                """
        )
    }

    /// A camera that confirms is silent; an arm that confirms has just been asked finally.
    private func finallyAsking() -> Rehearsal {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm", "camera", confirm: true)
        rehearsal.announce()
        rehearsal.answer("arm")
        rehearsal.skip()
        rehearsal.wait(.seconds(60))
        return rehearsal
    }
}
