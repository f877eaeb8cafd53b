// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

/// What an answer is worth.
@Suite("An answer") struct AnswerTests {
    @Test func `from whoever was not asked is an error`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm", "camera")
        rehearsal.announce(components: ["camera"])
        rehearsal.skip()
        rehearsal.answer("arm")
        rehearsal.answer("ghost")
        #expect(rehearsal.read() == "0 s  arm ← failed: not asked\n0 s  ghost ← failed: not asked")
    }

    @Test func `from whoever is gone or absent is an error`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm", "camera")
        rehearsal.announce(policy: Policy(require: ["till"]))
        rehearsal.unsubscribe("camera")
        rehearsal.wait(.seconds(5))
        rehearsal.skip()
        rehearsal.answer("camera")
        rehearsal.answer("till")
        #expect(
            rehearsal.read() == "5 s  camera ← failed: not asked\n5 s  till ← failed: not asked"
        )
    }

    @Test func `to no waiting update is an error`() {
        let rehearsal = Rehearsal()
        rehearsal.answer("camera")
        rehearsal.subscribe("camera")
        rehearsal.answer("camera", to: "d-9")
        #expect(
            rehearsal.read()
                == "0 s  camera ← failed: not subscribed\n0 s  camera ← failed: not waiting"
        )
    }

    @Test func `is remembered, if it was a deferral, also after others that are none`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm", "camera")
        rehearsal.announce()
        rehearsal.answer("camera", .seconds(30))
        rehearsal.answer("camera", .seconds(40))
        rehearsal.answer("camera")
        rehearsal.answer("arm")
        let participants = rehearsal.negotiation.updates["d-1"]?.participants
        #expect(participants?["camera"]?.state == .acknowledged)
        #expect(participants?["camera"]?.lastDeferral?.granted == .seconds(40))
        #expect(participants?["arm"]?.state == .acknowledged)
        #expect(participants?["arm"]?.lastDeferral == nil)
    }

    @Test func `to a released update succeeds without effect if it is consent, else it fails`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce()
        rehearsal.answer("camera")
        rehearsal.skip()
        rehearsal.answer("camera")
        rehearsal.answer("camera", .seconds(30))
        #expect(
            rehearsal.read()
                == "0 s  camera ← granted 0 s, 12 h left\n0 s  camera ← failed: already released"
        )
    }

    @Test func `in the last millisecond counts`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce()
        rehearsal.wait(.milliseconds(59_999))
        rehearsal.answer("camera", .seconds(30))
        rehearsal.wait(.milliseconds(1))
        #expect(rehearsal.state("camera") == .deferred)
    }

    @Test func `in the very instant its time is over counts`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce()
        rehearsal.waitUntilJustBeforeTimers(.seconds(60))
        rehearsal.answer("camera", .seconds(30))
        rehearsal.fireDue()
        #expect(rehearsal.state("camera") == .deferred)
    }

    @Test func `keeps its reason for whoever asks who blocks`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce()
        rehearsal.answer("camera", .seconds(30), message: "recording")
        rehearsal.wait(.seconds(10))
        let camera = rehearsal.participant("camera")
        #expect(camera?.message == "recording")
        #expect(camera?.since == .seconds(10))
        #expect(camera?.until == .seconds(20))
        #expect(rehearsal.status()?.blockedBy == ["camera"])
    }

    @Test func `to one update says nothing to another`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce("d-1")
        rehearsal.announce("d-2")
        rehearsal.answer("camera", to: "d-1")
        #expect(!rehearsal.isWaiting("d-1"))
        #expect(rehearsal.blockers("d-2") == ["camera"])
    }
}
