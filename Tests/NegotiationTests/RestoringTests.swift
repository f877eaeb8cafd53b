// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

/// What a broker goes on with after it died before everything was sent. Every other test, too,
/// compares a written copy with the negotiation after each event.
@Suite("What is written down") struct RestoringTests {
    @Test func `has a post of an ended update until it has been sent`() {
        let harness = ended()
        harness.restart()
        harness.subscribe("camera")
        #expect(harness.read() == "0 s  camera ← post d-1 cancelled")
        harness.subscribe("camera#2")
        #expect(harness.read().isEmpty)
    }

    @Test func `has no post that has been sent`() {
        let harness = ended()
        harness.send()
        harness.restart()
        harness.subscribe("camera")
        #expect(harness.read().isEmpty)
    }

    @Test func `has an owed post in delivery until it has been sent`() {
        let harness = owed()
        harness.subscribe("camera")
        #expect(harness.read() == "0 s  camera ← post d-1 cancelled")
        harness.restart()
        harness.subscribe("camera")
        #expect(harness.read() == "0 s  camera ← post d-1 cancelled")
        harness.send()
        harness.restart()
        harness.subscribe("camera")
        #expect(harness.read().isEmpty)
    }

    @Test func `has an owed post in delivery still when another one is owed`() {
        let harness = owed()
        harness.subscribe("camera")
        harness.announce("d-2")
        harness.hangUp("camera")
        harness.cancel("d-2")
        harness.restart()
        harness.skip()
        harness.subscribe("camera")
        #expect(
            harness.read() == """
                0 s  camera ← post d-1 cancelled
                0 s  camera ← post d-2 cancelled
                """
        )
    }

    @Test func `has no post of an id that is announced again, nor its participants`() {
        let harness = ended()
        harness.hangUp("camera")
        harness.subscribe("arm")
        harness.announce()
        harness.restart()
        #expect(harness.status()?.participants.map(\.component) == ["arm"])
        harness.skip()
        harness.subscribe("camera")
        #expect(harness.read() == "0 s  camera ← notice d-1 round 1, respond by 60 s")
    }

    @Test func `has no component any more that was waited for and has come as a unit's`() {
        let harness = NegotiationHarness(naming: "x/*")
        harness.announce(policy: Policy(require: ["a", "x/a"]))
        harness.subscribe("x/a")
        harness.restart()
        harness.announce()
        #expect(harness.blockers() == ["x/a"])
    }

    /// `d-1` has been cancelled, and its post has not left yet.
    private func ended() -> NegotiationHarness {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce()
        harness.sendsAtOnce = false
        harness.cancel()
        harness.skip()
        return harness
    }

    /// `d-1` was cancelled while the camera had no subscription.
    private func owed() -> NegotiationHarness {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce()
        harness.hangUp("camera")
        harness.cancel()
        harness.sendsAtOnce = false
        harness.skip()
        return harness
    }
}
