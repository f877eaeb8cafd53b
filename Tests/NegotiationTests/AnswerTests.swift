// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

/// What an answer is worth.
@Suite("An answer") struct AnswerTests {
    @Test func `from whoever was not asked is an error`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm", "camera")
        harness.announce(components: ["camera"])
        harness.skip()
        harness.answer("arm")
        harness.answer("ghost")
        #expect(harness.read() == "0 s  arm ← failed: not asked\n0 s  ghost ← failed: not asked")
    }

    @Test func `from whoever is gone or absent is an error`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm", "camera")
        harness.announce(policy: Policy(require: ["till"]))
        harness.unsubscribe("camera")
        harness.wait(.seconds(5))
        harness.skip()
        harness.answer("camera")
        harness.answer("till")
        #expect(
            harness.read() == "5 s  camera ← failed: not asked\n5 s  till ← failed: not asked"
        )
    }

    @Test func `to no waiting update is an error`() {
        let harness = NegotiationHarness()
        harness.answer("camera")
        harness.subscribe("camera")
        harness.answer("camera", to: "d-9")
        #expect(
            harness.read()
                == "0 s  camera ← failed: not subscribed\n0 s  camera ← failed: not waiting"
        )
    }

    @Test func `is remembered, if it was a deferral, also after others that are none`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm", "camera")
        harness.announce()
        harness.answer("camera", .seconds(30))
        harness.answer("camera", .seconds(40))
        harness.answer("camera")
        harness.answer("arm")
        let participants = harness.negotiation.updates["d-1"]?.participants
        #expect(participants?["camera"]?.state == .acknowledged)
        #expect(participants?["camera"]?.lastDeferral?.granted == .seconds(40))
        #expect(participants?["arm"]?.state == .acknowledged)
        #expect(participants?["arm"]?.lastDeferral == nil)
    }

    @Test func `to a released update succeeds without effect if it is consent, else it fails`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce()
        harness.answer("camera")
        harness.skip()
        harness.answer("camera")
        harness.answer("camera", .seconds(30))
        #expect(
            harness.read()
                == "0 s  camera ← granted 0 s, 12 h left\n0 s  camera ← failed: already released"
        )
    }

    @Test func `in the last millisecond counts`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce()
        harness.wait(.milliseconds(59_999))
        harness.answer("camera", .seconds(30))
        harness.wait(.milliseconds(1))
        #expect(harness.state("camera") == .deferred)
    }

    @Test func `in the very instant its time is over counts`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce()
        harness.waitUntilJustBeforeTimers(.seconds(60))
        harness.answer("camera", .seconds(30))
        harness.fireDue()
        #expect(harness.state("camera") == .deferred)
    }

    @Test func `keeps its reason for the status`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce()
        harness.answer("camera", .seconds(30), message: "recording")
        harness.wait(.seconds(10))
        let camera = harness.participant("camera")
        #expect(camera?.message == "recording")
        #expect(camera?.since == .seconds(10))
        #expect(camera?.until == .seconds(20))
        #expect(harness.status()?.blockedBy == ["camera"])
    }

    @Test func `to one update says nothing to another`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce("d-1")
        harness.announce("d-2")
        harness.answer("camera", to: "d-1")
        #expect(!harness.isWaiting("d-1"))
        #expect(harness.blockers("d-2") == ["camera", "update d-1"])
        harness.complete("d-1")
        #expect(harness.blockers("d-2") == ["camera"])
    }
}
