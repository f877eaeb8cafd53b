// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

/// Hanging up, coming back, and several connections of one component.
@Suite("A component's connections") struct ConnectionTests {
    @Test func `each get the notice, and one answer is the component's`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera", "camera#2")
        rehearsal.announce()
        rehearsal.answer("camera#2")
        #expect(
            rehearsal.read() == """
                0 s  nucleus ← attached d-1 to camera
                0 s  camera ← notice d-1 round 1, respond by 60 s
                0 s  camera#2 ← notice d-1 round 1, respond by 60 s
                0 s  camera#2 ← granted 0 s, 12 h left
                0 s  nucleus ← released d-1 on consent after 0 s
                """
        )
    }

    @Test func `cannot lift each other's deferral while both live`() {
        let rehearsal = deferredTwice()
        rehearsal.answer("camera#2")
        #expect(rehearsal.state("camera") == .deferred)
        #expect(rehearsal.participant("camera")?.until == .seconds(100))
        rehearsal.wait(.seconds(99))
        #expect(rehearsal.state("camera") == .deferred)
        rehearsal.answer("camera")
        #expect(!rehearsal.isWaiting())
    }

    @Test func `leave their deferral to the component, which may then lift it`() {
        let rehearsal = deferredTwice()
        rehearsal.answer("camera#2")
        rehearsal.hangUp("camera")
        #expect(rehearsal.state("camera") == .deferred)
        rehearsal.answer("camera#2")
        #expect(!rehearsal.isWaiting())
    }

    @Test func `hold the gate as long as the longest of their deferrals`() {
        let rehearsal = deferredTwice()
        rehearsal.wait(.seconds(199))
        #expect(rehearsal.state("camera") == .deferred)
        rehearsal.wait(.seconds(1))
        #expect(rehearsal.state("camera") == .asked)
    }

    @Test func `are asked at once when they open in mid-negotiation`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm")
        rehearsal.announce()
        rehearsal.wait(.seconds(10))
        rehearsal.skip()
        rehearsal.subscribe("camera")
        #expect(rehearsal.read() == "10 s  camera ← notice d-1 round 1, respond by 60 s")
        #expect(rehearsal.blockers() == ["arm", "camera"])
    }

    @Test func `hear the standing question without new time for it`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce()
        rehearsal.wait(.seconds(40))
        rehearsal.skip()
        rehearsal.subscribe("camera#2")
        #expect(rehearsal.read() == "40 s  camera#2 ← notice d-1 round 1, respond by 20 s")
        rehearsal.wait(.seconds(20))
        #expect(!rehearsal.isWaiting())
    }

    @Test func `are asked anew where the component had acknowledged, in the same round`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm", "camera")
        rehearsal.announce()
        rehearsal.answer("camera")
        rehearsal.wait(.seconds(40))
        rehearsal.skip()
        rehearsal.subscribe("camera#2")
        #expect(rehearsal.read() == "40 s  camera#2 ← notice d-1 round 1, respond by 60 s")
        #expect(rehearsal.blockers() == ["arm", "camera"])
    }

    @Test func `are not asked while a deferral runs`() {
        let rehearsal = deferredTwice()
        rehearsal.skip()
        rehearsal.subscribe("camera#3")
        #expect(rehearsal.read().isEmpty)
    }

    @Test func `that end after the notice leave the component a grace, no more`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce()
        rehearsal.wait(.seconds(1))
        rehearsal.hangUp("camera")
        #expect(rehearsal.state("camera") == .away)
        rehearsal.wait(.milliseconds(4_999))
        #expect(rehearsal.blockers() == ["camera"])
        rehearsal.skip()
        rehearsal.wait(.milliseconds(1))
        #expect(
            rehearsal.read() == "6 s  nucleus ← released d-1 on silence after 6 s, silent camera"
        )
    }

    @Test func `that return in time find the question where they left it`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce()
        rehearsal.wait(.seconds(50))
        rehearsal.hangUp("camera")
        rehearsal.wait(.seconds(4))
        rehearsal.skip()
        rehearsal.subscribe("camera")
        #expect(rehearsal.read() == "54 s  camera ← notice d-1 round 1, respond by 6 s")
        rehearsal.wait(.seconds(6))
        #expect(rehearsal.read().contains("60 s  nucleus ← released d-1 on silence"))
    }

    @Test func `that return with no time left are told, and do not block`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm", "camera")
        rehearsal.announce()
        rehearsal.answer("arm", .seconds(600))
        rehearsal.wait(.seconds(58))
        rehearsal.hangUp("camera")
        rehearsal.wait(.seconds(4))
        rehearsal.subscribe("camera")
        #expect(rehearsal.state("camera") == .silent)
    }

    @Test func `that defer, end and return hold their deferral, unasked, and may defer again`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce()
        rehearsal.answer("camera", .seconds(100))
        rehearsal.hangUp("camera")
        #expect(rehearsal.state("camera") == .away)
        rehearsal.wait(.seconds(3))
        rehearsal.skip()
        rehearsal.subscribe("camera")
        #expect(rehearsal.read().isEmpty)
        #expect(rehearsal.participant("camera")?.until == .seconds(97))
        rehearsal.answer("camera", .seconds(200))
        rehearsal.wait(.seconds(200))
        #expect(rehearsal.read().contains("203 s  camera ← notice d-1 round 2"))
    }

    @Test func `that do not return void their deferral, and are asked anew later`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm", "camera")
        rehearsal.announce()
        rehearsal.answer("arm", .seconds(600))
        rehearsal.answer("camera", .seconds(600))
        rehearsal.hangUp("camera")
        rehearsal.wait(.seconds(5))
        #expect(rehearsal.state("camera") == .gone)
        rehearsal.skip()
        rehearsal.subscribe("camera")
        #expect(rehearsal.read() == "5 s  camera ← notice d-1 round 2, respond by 60 s")
    }

    @Test func `that were gone unanswered find what is left of their question`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm", "camera")
        rehearsal.announce()
        rehearsal.answer("arm", .seconds(600))
        rehearsal.hangUp("camera")
        rehearsal.wait(.seconds(20))
        rehearsal.skip()
        rehearsal.subscribe("camera")
        #expect(rehearsal.read() == "20 s  camera ← notice d-1 round 1, respond by 40 s")
        #expect(rehearsal.state("camera") == .asked)
    }

    @Test func `of which the last subscription ended may still answer while the grace runs`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce()
        rehearsal.unsubscribe("camera")
        rehearsal.answer("camera", .seconds(30))
        #expect(rehearsal.state("camera") == .away)
        rehearsal.answer("camera")
        #expect(rehearsal.read().contains("released d-1 on consent"))
    }

    @Test func `that said a deferral while away find it running when they return`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce()
        rehearsal.unsubscribe("camera")
        rehearsal.answer("camera", .seconds(30))
        rehearsal.subscribe("camera")
        #expect(rehearsal.participant("camera")?.until == .seconds(30))
    }

    @Test func `whose deferral ended while they were away are asked in the next round`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce()
        rehearsal.answer("camera", .seconds(2))
        rehearsal.hangUp("camera")
        rehearsal.wait(.seconds(4))
        rehearsal.skip()
        rehearsal.subscribe("camera")
        #expect(rehearsal.read() == "4 s  camera ← notice d-1 round 2, respond by 60 s")
    }

    @Test func `that return in the very instant their deferral ends are asked in it`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce()
        rehearsal.answer("camera", .seconds(2))
        rehearsal.hangUp("camera")
        rehearsal.skip()
        rehearsal.waitUntilJustBeforeTimers(.seconds(2))
        rehearsal.subscribe("camera")
        #expect(rehearsal.read() == "2 s  camera ← notice d-1 round 2, respond by 60 s")
    }

    @Test func `that end after an acknowledgement change nothing`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm", "camera")
        rehearsal.announce()
        rehearsal.answer("camera")
        rehearsal.hangUp("camera")
        #expect(rehearsal.state("camera") == .acknowledged)
        rehearsal.answer("arm")
        #expect(rehearsal.read().contains("released d-1 on consent"))
    }

    /// `camera` has deferred by 100 s and `camera#2` by 200 s.
    private func deferredTwice() -> Rehearsal {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera", "camera#2")
        rehearsal.announce()
        rehearsal.answer("camera", .seconds(100))
        rehearsal.answer("camera#2", .seconds(200))
        return rehearsal
    }
}
