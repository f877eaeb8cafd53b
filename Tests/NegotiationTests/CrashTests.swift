// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

@Suite("A broker crash") struct CrashTests {
    @Test func `shortens no deferral`() {
        let rehearsal = waiting()
        rehearsal.answer("camera", .seconds(100))
        rehearsal.wait(.seconds(10))
        recover(rehearsal)
        rehearsal.wait(.milliseconds(89_999))
        #expect(rehearsal.state("camera") == .deferred)
        rehearsal.wait(.milliseconds(1))
        #expect(rehearsal.state("camera") == .asked)
    }

    @Test func `refunds no budget`() {
        let rehearsal = waiting()
        rehearsal.answer("camera", .seconds(100))
        rehearsal.wait(.seconds(10))
        recover(rehearsal)
        #expect(rehearsal.participant("camera")?.blocked == .seconds(10))
    }

    @Test func `closes no released gate, and its post is still sent`() {
        let rehearsal = waiting()
        rehearsal.answer("camera")
        rehearsal.restart()
        rehearsal.subscribe("camera")
        rehearsal.skip()
        rehearsal.announce()
        rehearsal.complete()
        #expect(
            rehearsal.read() == """
                0 s  nucleus ← attached d-1 again to camera
                0 s  nucleus ← released d-1 on consent after 0 s
                0 s  operator ← done
                0 s  camera ← post d-1 applied
                """
        )
    }

    @Test func `leaves whoever was asked the rest of its time`() {
        let rehearsal = waiting()
        rehearsal.wait(.seconds(10))
        recover(rehearsal)
        #expect(rehearsal.lastNotice("camera")?.respondBy == .seconds(50))
        #expect(rehearsal.lastNotice("camera")?.round == 1)
    }

    @Test func `leaves whoever was asked at least the grace`() {
        let rehearsal = waiting()
        rehearsal.wait(.seconds(58))
        recover(rehearsal)
        rehearsal.wait(.milliseconds(4_999))
        #expect(rehearsal.blockers() == ["camera"])
        rehearsal.wait(.milliseconds(1))
        #expect(rehearsal.read().contains("63 s  nucleus ← released d-1 on silence"))
    }

    @Test func `leaves whoever was away the grace again`() {
        let rehearsal = waiting()
        rehearsal.hangUp("camera")
        rehearsal.wait(.seconds(4))
        rehearsal.restart()
        rehearsal.announce()
        rehearsal.wait(.seconds(4))
        #expect(rehearsal.state("camera") == .away)
    }

    @Test func `lets acknowledgements stand`() {
        let rehearsal = waiting("arm", "camera")
        rehearsal.answer("arm")
        rehearsal.answer("camera", .seconds(4))
        rehearsal.restart()
        rehearsal.announce()
        rehearsal.subscribe("camera")
        rehearsal.answer("camera")
        #expect(rehearsal.read().contains("released d-1 on consent"))
    }

    @Test func `lets whoever acts on a final notice come back for it`() {
        let rehearsal = confirmingBesideDeferred()
        rehearsal.restart()
        rehearsal.subscribe("arm")
        rehearsal.answer("arm")
        rehearsal.announce()
        #expect(rehearsal.blockers() == ["camera"])
        rehearsal.subscribe("camera", confirm: true)
        rehearsal.answer("camera", round: 2)
        rehearsal.answer("camera", round: 3)
        #expect(rehearsal.read().contains("released d-1 on consent"))
    }

    @Test func `waits for it no longer than the grace, and takes its word as it was`() {
        let rehearsal = confirmingBesideDeferred()
        rehearsal.restart()
        rehearsal.subscribe("arm")
        rehearsal.answer("arm")
        rehearsal.announce()
        rehearsal.wait(.seconds(5))
        #expect(rehearsal.read().contains("5 s  nucleus ← released d-1 on consent after 5 s"))
    }

    @Test func `lets its word stand also where the budget ends in the grace`() {
        let rehearsal = confirmingBesideDeferred(
            Policy(maxTotalDefer: .seconds(3), onSilence: .refuse)
        )
        rehearsal.restart()
        rehearsal.announce()
        rehearsal.wait(.seconds(3))
        #expect(rehearsal.read().contains("released d-1 on capped after 3 s, overridden arm"))
    }

    @Test func `leaves its coordinator the grace`() {
        let rehearsal = waiting()
        rehearsal.restart()
        rehearsal.answer("camera")
        rehearsal.wait(.milliseconds(4_999))
        #expect(rehearsal.isWaiting())
        rehearsal.announce()
        #expect(!rehearsal.isWaiting())
    }

    @Test func `cancels an update whose coordinator does not come back, and owes the post`() {
        let rehearsal = waiting()
        rehearsal.restart()
        rehearsal.wait(.seconds(5))
        #expect(rehearsal.status() == nil)
        rehearsal.subscribe("camera")
        #expect(rehearsal.read() == "5 s  camera ← post d-1 cancelled")
    }

    @Test func `is no hang-up of whoever deferred: its grace runs from its deferral's end`() {
        let rehearsal = waiting("arm", "camera")
        rehearsal.answer("camera", .seconds(100))
        rehearsal.restart()
        rehearsal.announce()
        rehearsal.wait(.seconds(100))
        #expect(rehearsal.state("camera") == .away)
        rehearsal.wait(.seconds(5))
        #expect(rehearsal.read().contains("105 s  nucleus ← released d-1 on silence"))
    }

    @Test func `leaves a deferral to the component, whichever of its connections returns`() {
        let rehearsal = waiting()
        rehearsal.subscribe("camera#2")
        rehearsal.answer("camera#2", .seconds(100))
        rehearsal.restart()
        rehearsal.announce()
        rehearsal.subscribe("camera")
        rehearsal.answer("camera")
        #expect(!rehearsal.isWaiting())
    }

    @Test func `takes no connection that never subscribed for the component's last`() {
        let rehearsal = waiting()
        rehearsal.restart()
        rehearsal.announce()
        rehearsal.hangUp("camera#2")
        #expect(rehearsal.state("camera") == .asked)
        rehearsal.wait(.seconds(59))
        #expect(rehearsal.blockers() == ["camera"])
    }

    /// All come back at once.
    private func recover(_ rehearsal: Rehearsal) {
        rehearsal.restart()
        rehearsal.announce()
        rehearsal.subscribe("camera")
    }

    private func waiting(_ names: String...) -> Rehearsal {
        let rehearsal = Rehearsal()
        for name in names.isEmpty ? ["camera"] : names { rehearsal.subscribe(name) }
        rehearsal.announce()
        rehearsal.skip()
        return rehearsal
    }

    /// A camera that confirms could; an arm has deferred.
    private func confirmingBesideDeferred(_ policy: Policy = Policy()) -> Rehearsal {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera", confirm: true)
        rehearsal.subscribe("arm")
        rehearsal.announce(policy: policy)
        rehearsal.answer("camera", round: 1)
        rehearsal.answer("arm", .seconds(100))
        rehearsal.skip()
        return rehearsal
    }
}
