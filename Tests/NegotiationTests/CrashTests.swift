// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

@Suite("A broker crash") struct CrashTests {
    @Test func `shortens no deferral`() {
        let harness = waiting()
        harness.answer("camera", .seconds(100))
        harness.wait(.seconds(10))
        recover(harness)
        harness.wait(.milliseconds(89_999))
        #expect(harness.state("camera") == .deferred)
        harness.wait(.milliseconds(1))
        #expect(harness.state("camera") == .asked)
    }

    @Test func `refunds no budget`() {
        let harness = waiting()
        harness.answer("camera", .seconds(100))
        harness.wait(.seconds(10))
        recover(harness)
        #expect(harness.participant("camera")?.blocked == .seconds(10))
    }

    @Test func `closes no released gate, and its post is still sent`() {
        let harness = waiting()
        harness.answer("camera")
        harness.restart()
        harness.subscribe("camera")
        harness.skip()
        harness.announce()
        harness.complete()
        #expect(
            harness.read() == """
                0 s  nucleus ← attached d-1 again to camera
                0 s  nucleus ← released d-1 on consent after 0 s
                0 s  operator ← done
                0 s  camera ← post d-1 applied
                """
        )
    }

    @Test func `leaves whoever was asked the rest of its time`() {
        let harness = waiting()
        harness.wait(.seconds(10))
        recover(harness)
        #expect(harness.lastNotice("camera")?.respondBy == .seconds(50))
        #expect(harness.lastNotice("camera")?.round == 1)
    }

    @Test func `leaves whoever was asked at least the grace`() {
        let harness = waiting()
        harness.wait(.seconds(58))
        recover(harness)
        harness.wait(.milliseconds(4_999))
        #expect(harness.blockers() == ["camera"])
        harness.wait(.milliseconds(1))
        #expect(harness.read().contains("63 s  nucleus ← released d-1 on silence"))
    }

    @Test func `leaves whoever was away the grace again`() {
        let harness = waiting()
        harness.hangUp("camera")
        harness.wait(.seconds(4))
        harness.restart()
        harness.announce()
        harness.wait(.seconds(4))
        #expect(harness.state("camera") == .away)
    }

    @Test func `lets acknowledgements stand`() {
        let harness = waiting("arm", "camera")
        harness.answer("arm")
        harness.answer("camera", .seconds(4))
        harness.restart()
        harness.announce()
        harness.subscribe("camera")
        harness.answer("camera")
        #expect(harness.read().contains("released d-1 on consent"))
    }

    @Test func `lets whoever acts on a final notice come back for it`() {
        let harness = confirmingBesideDeferred()
        harness.restart()
        harness.subscribe("arm")
        harness.answer("arm")
        harness.announce()
        #expect(harness.blockers() == ["camera"])
        harness.subscribe("camera", confirm: true)
        harness.answer("camera", round: 2)
        harness.answer("camera", round: 3)
        #expect(harness.read().contains("released d-1 on consent"))
    }

    @Test func `waits for it no longer than the grace, and takes its word as it was`() {
        let harness = confirmingBesideDeferred()
        harness.restart()
        harness.subscribe("arm")
        harness.answer("arm")
        harness.announce()
        harness.wait(.seconds(5))
        #expect(harness.read().contains("5 s  nucleus ← released d-1 on consent after 5 s"))
    }

    @Test func `lets its word stand also where the budget ends in the grace`() {
        let harness = confirmingBesideDeferred(
            Policy(maxTotalDefer: .seconds(3), onSilence: .refuse)
        )
        harness.restart()
        harness.announce()
        harness.wait(.seconds(3))
        #expect(harness.read().contains("released d-1 on capped after 3 s, overridden arm"))
    }

    @Test func `leaves its coordinator the grace`() {
        let harness = waiting()
        harness.restart()
        harness.answer("camera")
        harness.wait(.milliseconds(4_999))
        #expect(harness.isWaiting())
        harness.announce()
        #expect(!harness.isWaiting())
    }

    @Test func `cancels an update whose coordinator does not come back, and owes the post`() {
        let harness = waiting()
        harness.restart()
        harness.wait(.seconds(5))
        #expect(harness.status() == nil)
        harness.subscribe("camera")
        #expect(harness.read() == "5 s  camera ← post d-1 cancelled")
    }

    @Test func `is no hang-up of whoever deferred: its grace runs from its deferral's end`() {
        let harness = waiting("arm", "camera")
        harness.answer("camera", .seconds(100))
        harness.restart()
        harness.announce()
        harness.wait(.seconds(100))
        #expect(harness.state("camera") == .away)
        harness.wait(.seconds(5))
        #expect(harness.read().contains("105 s  nucleus ← released d-1 on silence"))
    }

    @Test func `leaves a deferral to the component, whichever of its connections returns`() {
        let harness = waiting()
        harness.subscribe("camera#2")
        harness.answer("camera#2", .seconds(100))
        harness.restart()
        harness.announce()
        harness.subscribe("camera")
        harness.answer("camera")
        #expect(!harness.isWaiting())
    }

    @Test func `takes no connection that never subscribed for the component's last`() {
        let harness = waiting()
        harness.restart()
        harness.announce()
        harness.hangUp("camera#2")
        #expect(harness.state("camera") == .asked)
        harness.wait(.seconds(59))
        #expect(harness.blockers() == ["camera"])
    }

    /// All come back at once.
    private func recover(_ harness: NegotiationHarness) {
        harness.restart()
        harness.announce()
        harness.subscribe("camera")
    }

    private func waiting(_ names: String...) -> NegotiationHarness {
        let harness = NegotiationHarness()
        for name in names.isEmpty ? ["camera"] : names { harness.subscribe(name) }
        harness.announce()
        harness.skip()
        return harness
    }

    /// A camera that confirms could; an arm has deferred.
    private func confirmingBesideDeferred(_ policy: Policy = Policy()) -> NegotiationHarness {
        let harness = NegotiationHarness()
        harness.subscribe("camera", confirm: true)
        harness.subscribe("arm")
        harness.announce(policy: policy)
        harness.answer("camera", round: 1)
        harness.answer("arm", .seconds(100))
        harness.skip()
        return harness
    }
}
