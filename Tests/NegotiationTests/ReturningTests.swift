// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

@Suite("A component that was subscribed when the broker died") struct ReturningTests {
    private func restarted(_ names: String..., confirm: Bool = false) -> NegotiationHarness {
        let harness = NegotiationHarness()
        for name in names { harness.subscribe(name, confirm: confirm) }
        harness.restart()
        return harness
    }

    @Test func `is waited for by a new update, and asked when it is back`() {
        let harness = restarted("camera")
        harness.announce()
        #expect(harness.state("camera") == .away)
        harness.wait(.seconds(4))
        harness.skip()
        harness.subscribe("camera")
        #expect(harness.read() == "4 s  camera ← notice d-1 round 1, respond by 60 s")
        harness.answer("camera", .seconds(30))
        #expect(harness.blockers() == ["camera"])
        harness.answer("camera")
        #expect(!harness.isWaiting())
    }

    @Test func `lets no gate open on consent before its time to return is over`() {
        let harness = restarted("camera")
        harness.announce()
        harness.wait(.milliseconds(4_999))
        #expect(harness.isWaiting())
        harness.skip()
        harness.wait(.milliseconds(1))
        #expect(
            harness.read() == "5 s  nucleus ← released d-1 on silence after 5 s, silent camera"
        )
    }

    @Test func `is absent to an update that is announced after its time to return`() {
        let harness = restarted("camera")
        harness.wait(.seconds(5))
        harness.skip()
        harness.announce()
        #expect(harness.read().contains("released d-1 on consent"))
    }

    @Test func `is waited for again after a second death`() {
        let harness = restarted("camera", "arm")
        harness.wait(.seconds(3))
        harness.subscribe("arm")
        harness.restart()
        harness.announce()
        #expect(harness.blockers() == ["arm", "camera"])
    }

    @Test func `is not waited for once it has hung up itself`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.hangUp("camera")
        harness.restart()
        harness.announce()
        #expect(!harness.isWaiting())
    }

    @Test func `is not waited for where the deadline is 0, nor where none is told`() {
        let harness = restarted("camera")
        harness.announce("d-1", policy: Policy(deadline: .zero))
        harness.complete("d-1")
        harness.announce("d-2", policy: Policy(notification: .skip))
        #expect(harness.status("d-1") == nil && !harness.isWaiting("d-2"))
    }

    @Test func `has its time to return counted while the device is awake`() {
        let harness = restarted("camera")
        harness.announce()
        harness.wait(.seconds(3))
        harness.suspend(.seconds(100))
        harness.wait(.milliseconds(1_999))
        #expect(harness.state("camera") == .away)
        harness.wait(.milliseconds(1))
        #expect(!harness.isWaiting())
    }

    @Test func `that is required has the time of an absent one`() {
        let harness = restarted("camera")
        harness.announce(policy: Policy(require: ["camera"]))
        #expect(harness.state("camera") == .absent)
    }
}
