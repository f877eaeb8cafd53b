// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

/// Hanging up, coming back, and several connections of one component.
@Suite("A component's connections") struct ConnectionTests {
    @Test func `each get the notice, and one answer is the component's`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera", "camera#2")
        harness.announce()
        harness.answer("camera#2")
        #expect(
            harness.read() == """
                0 s  nucleus ← attached d-1 to camera
                0 s  camera ← notice d-1 round 1, respond by 60 s
                0 s  camera#2 ← notice d-1 round 1, respond by 60 s
                0 s  camera#2 ← granted 0 s, 12 h left
                0 s  nucleus ← released d-1 on consent after 0 s
                """
        )
    }

    @Test func `cannot lift each other's deferral while both live`() {
        let harness = deferredTwice()
        harness.answer("camera#2")
        #expect(harness.state("camera") == .deferred)
        #expect(harness.participant("camera")?.until == .seconds(100))
        harness.wait(.seconds(99))
        #expect(harness.state("camera") == .deferred)
        harness.answer("camera")
        #expect(!harness.isWaiting())
    }

    @Test func `leave their deferral to the component, which may then lift it`() {
        let harness = deferredTwice()
        harness.answer("camera#2")
        harness.hangUp("camera")
        #expect(harness.state("camera") == .deferred)
        harness.answer("camera#2")
        #expect(!harness.isWaiting())
    }

    @Test func `hold the gate as long as the longest of their deferrals`() {
        let harness = deferredTwice()
        harness.wait(.seconds(199))
        #expect(harness.state("camera") == .deferred)
        harness.wait(.seconds(1))
        #expect(harness.state("camera") == .asked)
    }

    @Test func `are asked at once when they open in mid-negotiation`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm")
        harness.announce()
        harness.wait(.seconds(10))
        harness.skip()
        harness.subscribe("camera")
        #expect(harness.read() == "10 s  camera ← notice d-1 round 1, respond by 60 s")
        #expect(harness.blockers() == ["arm", "camera"])
    }

    @Test func `hear the standing question without new time for it`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce()
        harness.wait(.seconds(40))
        harness.skip()
        harness.subscribe("camera#2")
        #expect(harness.read() == "40 s  camera#2 ← notice d-1 round 1, respond by 20 s")
        harness.wait(.seconds(20))
        #expect(!harness.isWaiting())
    }

    @Test func `are asked anew where the component had acknowledged, in the same round`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm", "camera")
        harness.announce()
        harness.answer("camera")
        harness.wait(.seconds(40))
        harness.skip()
        harness.subscribe("camera#2")
        #expect(harness.read() == "40 s  camera#2 ← notice d-1 round 1, respond by 60 s")
        #expect(harness.blockers() == ["arm", "camera"])
    }

    @Test func `are not asked while a deferral runs`() {
        let harness = deferredTwice()
        harness.skip()
        harness.subscribe("camera#3")
        #expect(harness.read().isEmpty)
    }

    @Test func `that end after the notice leave the component a grace, no more`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce()
        harness.wait(.seconds(1))
        harness.hangUp("camera")
        #expect(harness.state("camera") == .away)
        harness.wait(.milliseconds(4_999))
        #expect(harness.blockers() == ["camera"])
        harness.skip()
        harness.wait(.milliseconds(1))
        #expect(
            harness.read() == "6 s  nucleus ← released d-1 on silence after 6 s, silent camera"
        )
    }

    @Test func `that return in time find the question where they left it`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce()
        harness.wait(.seconds(50))
        harness.hangUp("camera")
        harness.wait(.seconds(4))
        harness.skip()
        harness.subscribe("camera")
        #expect(harness.read() == "54 s  camera ← notice d-1 round 1, respond by 6 s")
        harness.wait(.seconds(6))
        #expect(harness.read().contains("60 s  nucleus ← released d-1 on silence"))
    }

    @Test func `that return with no time left are told, and do not block`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm", "camera")
        harness.announce()
        harness.answer("arm", .seconds(600))
        harness.wait(.seconds(58))
        harness.hangUp("camera")
        harness.wait(.seconds(4))
        harness.subscribe("camera")
        #expect(harness.state("camera") == .silent)
    }

    @Test func `that defer, end and return hold their deferral, unasked, and may defer again`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce()
        harness.answer("camera", .seconds(100))
        harness.hangUp("camera")
        #expect(harness.state("camera") == .away)
        harness.wait(.seconds(3))
        harness.skip()
        harness.subscribe("camera")
        #expect(harness.read().isEmpty)
        #expect(harness.participant("camera")?.until == .seconds(97))
        harness.answer("camera", .seconds(200))
        harness.wait(.seconds(200))
        #expect(harness.read().contains("203 s  camera ← notice d-1 round 2"))
    }

    @Test func `that do not return void their deferral, and are asked anew later`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm", "camera")
        harness.announce()
        harness.answer("arm", .seconds(600))
        harness.answer("camera", .seconds(600))
        harness.hangUp("camera")
        harness.wait(.seconds(5))
        #expect(harness.state("camera") == .gone)
        harness.skip()
        harness.subscribe("camera")
        #expect(harness.read() == "5 s  camera ← notice d-1 round 2, respond by 60 s")
    }

    @Test func `that were gone unanswered find what is left of their question`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm", "camera")
        harness.announce()
        harness.answer("arm", .seconds(600))
        harness.hangUp("camera")
        harness.wait(.seconds(20))
        harness.skip()
        harness.subscribe("camera")
        #expect(harness.read() == "20 s  camera ← notice d-1 round 1, respond by 40 s")
        #expect(harness.state("camera") == .asked)
    }

    @Test func `of which the last subscription ended may still answer while the grace runs`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce()
        harness.unsubscribe("camera")
        harness.answer("camera", .seconds(30))
        #expect(harness.state("camera") == .away)
        harness.answer("camera")
        #expect(harness.read().contains("released d-1 on consent"))
    }

    @Test func `that said a deferral while away find it running when they return`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce()
        harness.unsubscribe("camera")
        harness.answer("camera", .seconds(30))
        harness.subscribe("camera")
        #expect(harness.participant("camera")?.until == .seconds(30))
    }

    @Test func `whose deferral ended while they were away are asked in the next round`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce()
        harness.answer("camera", .seconds(2))
        harness.hangUp("camera")
        harness.wait(.seconds(4))
        harness.skip()
        harness.subscribe("camera")
        #expect(harness.read() == "4 s  camera ← notice d-1 round 2, respond by 60 s")
    }

    @Test func `that return in the very instant their deferral ends are asked in it`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce()
        harness.answer("camera", .seconds(2))
        harness.hangUp("camera")
        harness.skip()
        harness.waitUntilJustBeforeTimers(.seconds(2))
        harness.subscribe("camera")
        #expect(harness.read() == "2 s  camera ← notice d-1 round 2, respond by 60 s")
    }

    @Test func `that end after an acknowledgement change nothing`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm", "camera")
        harness.announce()
        harness.answer("camera")
        harness.hangUp("camera")
        #expect(harness.state("camera") == .acknowledged)
        harness.answer("arm")
        #expect(harness.read().contains("released d-1 on consent"))
    }

    /// `camera` has deferred by 100 s and `camera#2` by 200 s.
    private func deferredTwice() -> NegotiationHarness {
        let harness = NegotiationHarness()
        harness.subscribe("camera", "camera#2")
        harness.announce()
        harness.answer("camera", .seconds(100))
        harness.answer("camera#2", .seconds(200))
        return harness
    }
}
