// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

/// Known defects of the Java nucleus that no other test covers.
@Suite("Unlike the Java nucleus, we") struct NucleusDefectTests {
    @Test func `let a cancelled update's deferral delay no other update`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce("d-1")
        rehearsal.answer("camera", .seconds(3_600), to: "d-1")
        rehearsal.cancel("d-1")
        rehearsal.skip()
        rehearsal.announce("d-2")
        rehearsal.answer("camera", to: "d-2")
        #expect(
            rehearsal.read() == """
                0 s  nucleus ← attached d-2 to camera
                0 s  camera ← notice d-2 round 1, respond by 60 s
                0 s  camera ← granted 0 s, 12 h left
                0 s  nucleus ← released d-2 on consent after 0 s
                """
        )
    }

    @Test func `count a deferral from its answer, not from the end of the round`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm", "camera")
        rehearsal.announce()
        rehearsal.answer("camera", .seconds(30))
        rehearsal.wait(.seconds(30))
        #expect(rehearsal.state("arm") == .asked)
        #expect(rehearsal.lastNotice("camera")?.round == 2)
    }

    @Test func `say in each notice what the update concerns and how long there is`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce(components: ["camera"])
        #expect(rehearsal.lastNotice("camera")?.components == ["camera"])
        #expect(rehearsal.lastNotice("camera")?.respondBy == .seconds(60))
        #expect(rehearsal.lastNotice("camera")?.deadlineIn == .seconds(24 * 3_600))
    }

    @Test func `do not ask again who has consented a moment ago`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm", "camera")
        rehearsal.announce()
        rehearsal.answer("camera")
        rehearsal.answer("arm", .seconds(30))
        rehearsal.skip()
        rehearsal.wait(.seconds(30))
        #expect(rehearsal.read() == "30 s  arm ← notice d-1 round 2, respond by 60 s")
    }

    @Test func `keep a healthy connection's deferral when its sibling breaks`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera", "camera#2")
        rehearsal.announce()
        rehearsal.hangUp("camera#2")
        rehearsal.answer("camera", .seconds(30))
        #expect(rehearsal.participant("camera")?.until == .seconds(30))
    }
}
