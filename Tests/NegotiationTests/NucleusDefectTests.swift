// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

/// Known defects of the Java nucleus that no other test covers.
@Suite("Unlike the Java nucleus, we") struct NucleusDefectTests {
    @Test func `let a cancelled update's deferral delay no other update`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce("d-1")
        harness.answer("camera", .seconds(3_600), to: "d-1")
        harness.cancel("d-1")
        harness.skip()
        harness.announce("d-2")
        harness.answer("camera", to: "d-2")
        #expect(
            harness.read() == """
                0 s  nucleus ← attached d-2 to camera
                0 s  camera ← notice d-2 round 1, respond by 60 s
                0 s  camera ← granted 0 s, 12 h left
                0 s  nucleus ← released d-2 on consent after 0 s
                """
        )
    }

    @Test func `count a deferral from its answer, not from the end of the round`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm", "camera")
        harness.announce()
        harness.answer("camera", .seconds(30))
        harness.wait(.seconds(30))
        #expect(harness.state("arm") == .asked)
        #expect(harness.lastNotice("camera")?.round == 2)
    }

    @Test func `say in each notice what the update concerns and how long there is`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce(components: ["camera"])
        #expect(harness.lastNotice("camera")?.components == ["camera"])
        #expect(harness.lastNotice("camera")?.respondBy == .seconds(60))
        #expect(harness.lastNotice("camera")?.deadlineIn == .seconds(24 * 3_600))
    }

    @Test func `do not ask again who has consented a moment ago`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm", "camera")
        harness.announce()
        harness.answer("camera")
        harness.answer("arm", .seconds(30))
        harness.skip()
        harness.wait(.seconds(30))
        #expect(harness.read() == "30 s  arm ← notice d-1 round 2, respond by 60 s")
    }

    @Test func `keep a healthy connection's deferral when its sibling breaks`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera", "camera#2")
        harness.announce()
        harness.hangUp("camera#2")
        harness.answer("camera", .seconds(30))
        #expect(harness.participant("camera")?.until == .seconds(30))
    }
}
