// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

@Suite("Force") struct ForceTests {
    @Test func `gives blockers a last call, and opens`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm", "camera", "door")
        harness.announce()
        harness.answer("arm", .seconds(30))
        harness.answer("camera")
        harness.skip()
        harness.force()
        #expect(
            harness.read() == """
                0 s  operator ← done
                0 s  arm ← last call d-1 round 1, respond by 0 s, final
                0 s  door ← last call d-1 round 1, respond by 0 s, final
                0 s  nucleus ← released d-1 on forced after 0 s, silent door, overridden arm
                """
        )
    }

    @Test func `finds silent whoever was asked again in this very instant`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce()
        harness.answer("camera", .seconds(30))
        harness.wait(.seconds(30))
        harness.force()
        #expect(harness.read().hasSuffix("released d-1 on forced after 30 s, silent camera"))
    }

    @Test func `opens also while nobody can be asked, over whoever is absent`() {
        let harness = NegotiationHarness()
        harness.announce(policy: Policy(onSilence: .refuse, require: ["till"]))
        harness.skip()
        harness.force()
        #expect(
            harness.read() == """
                0 s  operator ← done
                0 s  nucleus ← released d-1 on forced after 0 s, silent till
                """
        )
    }

    @Test func `on a released update succeeds, and does nothing`() {
        let harness = NegotiationHarness()
        harness.announce()
        harness.skip()
        harness.force()
        #expect(harness.read() == "0 s  operator ← done")
    }

    @Test func `on an unknown or an ended update is an error`() {
        let harness = NegotiationHarness()
        harness.force()
        harness.announce()
        harness.complete()
        harness.skip()
        harness.force()
        #expect(harness.read() == "0 s  operator ← failed: already applied")
    }

    @Test func `waits for a coordinator to come back`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce()
        harness.leave()
        harness.skip()
        harness.force()
        harness.announce()
        #expect(
            harness.read() == """
                0 s  operator ← done
                0 s  nucleus ← attached d-1 again to camera
                0 s  camera ← last call d-1 round 1, respond by 0 s, final
                0 s  nucleus ← released d-1 on forced after 0 s, silent camera
                """
        )
    }
}
