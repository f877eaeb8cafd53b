// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

/// What a broker goes on with after it died before everything was sent. Every other test, too,
/// compares a written copy with the negotiation after each event.
@Suite("What is written down") struct RestoringTests {
    @Test func `has a post of an ended update until it has been sent`() {
        let rehearsal = ended()
        rehearsal.restart()
        rehearsal.subscribe("camera")
        #expect(rehearsal.read() == "0 s  camera ← post d-1 cancelled")
        rehearsal.subscribe("camera#2")
        #expect(rehearsal.read().isEmpty)
    }

    @Test func `has no post that has been sent`() {
        let rehearsal = ended()
        rehearsal.send()
        rehearsal.restart()
        rehearsal.subscribe("camera")
        #expect(rehearsal.read().isEmpty)
    }

    @Test func `has an owed post in delivery until it has been sent`() {
        let rehearsal = owed()
        rehearsal.subscribe("camera")
        #expect(rehearsal.read() == "0 s  camera ← post d-1 cancelled")
        rehearsal.restart()
        rehearsal.subscribe("camera")
        #expect(rehearsal.read() == "0 s  camera ← post d-1 cancelled")
        rehearsal.send()
        rehearsal.restart()
        rehearsal.subscribe("camera")
        #expect(rehearsal.read().isEmpty)
    }

    @Test func `has an owed post in delivery still when another one is owed`() {
        let rehearsal = owed()
        rehearsal.subscribe("camera")
        rehearsal.announce("d-2")
        rehearsal.hangUp("camera")
        rehearsal.cancel("d-2")
        rehearsal.restart()
        rehearsal.skip()
        rehearsal.subscribe("camera")
        #expect(
            rehearsal.read() == """
                0 s  camera ← post d-1 cancelled
                0 s  camera ← post d-2 cancelled
                """
        )
    }

    @Test func `has no post of an id that is announced again, nor its participants`() {
        let rehearsal = ended()
        rehearsal.hangUp("camera")
        rehearsal.subscribe("arm")
        rehearsal.announce()
        rehearsal.restart()
        #expect(rehearsal.status()?.participants.map(\.component) == ["arm"])
        rehearsal.skip()
        rehearsal.subscribe("camera")
        #expect(rehearsal.read() == "0 s  camera ← notice d-1 round 1, respond by 60 s")
    }

    @Test func `has no component any more that was waited for and has come as a unit's`() {
        let rehearsal = Rehearsal(naming: "x/*")
        rehearsal.announce(policy: Policy(require: ["a", "x/a"]))
        rehearsal.subscribe("x/a")
        rehearsal.restart()
        rehearsal.announce()
        #expect(rehearsal.blockers() == ["x/a"])
    }

    /// `d-1` has been cancelled, and its post has not left yet.
    private func ended() -> Rehearsal {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce()
        rehearsal.sendsAtOnce = false
        rehearsal.cancel()
        rehearsal.skip()
        return rehearsal
    }

    /// `d-1` was cancelled while the camera had no subscription.
    private func owed() -> Rehearsal {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce()
        rehearsal.hangUp("camera")
        rehearsal.cancel()
        rehearsal.sendsAtOnce = false
        rehearsal.skip()
        return rehearsal
    }
}
