// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

@Suite("Force") struct ForceTests {
    @Test func `gives blockers a last call, and opens`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm", "camera", "door")
        rehearsal.announce()
        rehearsal.answer("arm", .seconds(30))
        rehearsal.answer("camera")
        rehearsal.skip()
        rehearsal.force()
        #expect(
            rehearsal.read() == """
                0 s  operator ← done
                0 s  arm ← last call d-1 round 1, respond by 0 s, final
                0 s  door ← last call d-1 round 1, respond by 0 s, final
                0 s  nucleus ← released d-1 on forced after 0 s, silent door, overridden arm
                """
        )
    }

    @Test func `finds silent whoever was asked again in this very instant`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce()
        rehearsal.answer("camera", .seconds(30))
        rehearsal.wait(.seconds(30))
        rehearsal.force()
        #expect(rehearsal.read().hasSuffix("released d-1 on forced after 30 s, silent camera"))
    }

    @Test func `opens also while nobody can be asked, over whoever is absent`() {
        let rehearsal = Rehearsal()
        rehearsal.announce(policy: Policy(onSilence: .refuse, require: ["till"]))
        rehearsal.skip()
        rehearsal.force()
        #expect(
            rehearsal.read() == """
                0 s  operator ← done
                0 s  nucleus ← released d-1 on forced after 0 s, silent till
                """
        )
    }

    @Test func `on a released update succeeds, and does nothing`() {
        let rehearsal = Rehearsal()
        rehearsal.announce()
        rehearsal.skip()
        rehearsal.force()
        #expect(rehearsal.read() == "0 s  operator ← done")
    }

    @Test func `on an unknown or an ended update is an error`() {
        let rehearsal = Rehearsal()
        rehearsal.force()
        rehearsal.announce()
        rehearsal.complete()
        rehearsal.skip()
        rehearsal.force()
        #expect(rehearsal.read() == "0 s  operator ← failed: already applied")
    }

    @Test func `waits for a coordinator to come back`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce()
        rehearsal.leave()
        rehearsal.skip()
        rehearsal.force()
        rehearsal.announce()
        #expect(
            rehearsal.read() == """
                0 s  operator ← done
                0 s  nucleus ← attached d-1 again to camera
                0 s  camera ← last call d-1 round 1, respond by 0 s, final
                0 s  nucleus ← released d-1 on forced after 0 s, silent camera
                """
        )
    }
}
