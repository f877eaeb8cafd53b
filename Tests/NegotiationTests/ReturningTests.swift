// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

@Suite("A component that was subscribed when the broker died") struct ReturningTests {
    private func restarted(_ names: String..., confirm: Bool = false) -> Rehearsal {
        let rehearsal = Rehearsal()
        for name in names { rehearsal.subscribe(name, confirm: confirm) }
        rehearsal.restart()
        return rehearsal
    }

    @Test func `is waited for by a new update, and asked when it is back`() {
        let rehearsal = restarted("camera")
        rehearsal.announce()
        #expect(rehearsal.state("camera") == .away)
        rehearsal.wait(.seconds(4))
        rehearsal.skip()
        rehearsal.subscribe("camera")
        #expect(rehearsal.read() == "4 s  camera ← notice d-1 round 1, respond by 60 s")
        rehearsal.answer("camera", .seconds(30))
        #expect(rehearsal.blockers() == ["camera"])
        rehearsal.answer("camera")
        #expect(!rehearsal.isWaiting())
    }

    @Test func `lets no gate open on consent before its time to return is over`() {
        let rehearsal = restarted("camera")
        rehearsal.announce()
        rehearsal.wait(.milliseconds(4_999))
        #expect(rehearsal.isWaiting())
        rehearsal.skip()
        rehearsal.wait(.milliseconds(1))
        #expect(
            rehearsal.read() == "5 s  nucleus ← released d-1 on silence after 5 s, silent camera"
        )
    }

    @Test func `is absent to an update that is announced after its time to return`() {
        let rehearsal = restarted("camera")
        rehearsal.wait(.seconds(5))
        rehearsal.skip()
        rehearsal.announce()
        #expect(rehearsal.read().contains("released d-1 on consent"))
    }

    @Test func `is waited for again after a second death`() {
        let rehearsal = restarted("camera", "arm")
        rehearsal.wait(.seconds(3))
        rehearsal.subscribe("arm")
        rehearsal.restart()
        rehearsal.announce()
        #expect(rehearsal.blockers() == ["arm", "camera"])
    }

    @Test func `is not waited for once it has hung up itself`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.hangUp("camera")
        rehearsal.restart()
        rehearsal.announce()
        #expect(!rehearsal.isWaiting())
    }

    @Test func `is not waited for where the deadline is 0, nor where none is told`() {
        let rehearsal = restarted("camera")
        rehearsal.announce("d-1", policy: Policy(deadline: .zero))
        rehearsal.announce("d-2", policy: Policy(notification: .skip))
        #expect(!rehearsal.isWaiting("d-1") && !rehearsal.isWaiting("d-2"))
    }

    @Test func `has its time to return counted while the device is awake`() {
        let rehearsal = restarted("camera")
        rehearsal.announce()
        rehearsal.wait(.seconds(3))
        rehearsal.sleep(.seconds(100))
        rehearsal.wait(.milliseconds(1_999))
        #expect(rehearsal.state("camera") == .away)
        rehearsal.wait(.milliseconds(1))
        #expect(!rehearsal.isWaiting())
    }

    @Test func `that is required has the time of an absent one`() {
        let rehearsal = restarted("camera")
        rehearsal.announce(policy: Policy(require: ["camera"]))
        #expect(rehearsal.state("camera") == .absent)
    }
}
