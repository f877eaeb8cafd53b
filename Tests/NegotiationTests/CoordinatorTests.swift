// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

/// Announcing, attaching, leaving, and whom an update concerns.
@Suite("A coordinator") struct CoordinatorTests {
    @Test func `is let through at once where nobody is subscribed`() {
        let harness = NegotiationHarness()
        harness.announce()
        #expect(
            harness.read() == """
                0 s  nucleus ← attached d-1
                0 s  nucleus ← released d-1 on consent after 0 s
                """
        )
    }

    @Test func `that skips the components tells them nothing, before or after`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce(policy: Policy(notification: .skip, require: ["till"]))
        harness.subscribe("arm")
        harness.complete()
        #expect(
            harness.read() == """
                0 s  nucleus ← attached d-1
                0 s  nucleus ← released d-1 on skipped after 0 s
                0 s  operator ← done
                """
        )
    }

    @Test func `asks those it names, each once, and hears which names matched nobody`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm", "camera", "shop/till")
        harness.announce(components: ["till", "camera", "camera", "ghost", "ghost"])
        #expect(
            harness.read() == """
                0 s  nucleus ← attached d-1 to camera shop/till, unmatched ghost
                0 s  camera ← notice d-1 round 1, respond by 60 s
                0 s  shop/till ← notice d-1 round 1, respond by 60 s
                """
        )
    }

    @Test func `hears that a required name matched nobody, also with no time to wait for it`() {
        let harness = NegotiationHarness()
        let policy = Policy(
            responseTimeout: .zero,
            require: ["ghost"],
            onAbsence: .proceed
        )
        harness.announce(policy: policy, components: ["ghost"])
        #expect(
            harness.read() == """
                0 s  nucleus ← attached d-1 to ghost, unmatched ghost
                0 s  nucleus ← released d-1 on silence after 0 s, silent ghost
                """
        )
    }

    @Test func `that names nobody asks everybody`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm", "camera")
        harness.announce(components: [])
        #expect(harness.blockers() == ["arm", "camera"])
    }

    @Test func `makes the update where the one before it is gone, waiting or released`() {
        let harness = waiting()
        harness.announce(by: "nucleus#2")
        harness.leave()
        harness.skip()
        harness.answer("camera")
        harness.hangUp("nucleus#2")
        harness.announce(by: "nucleus#3")
        #expect(
            harness.read() == """
                0 s  camera ← granted 0 s, 12 h left
                0 s  nucleus#2 ← released d-1 on consent after 0 s
                0 s  nucleus#3 ← attached d-1 again to camera
                0 s  nucleus#3 ← released d-1 on consent after 0 s
                """
        )
    }

    @Test func `that announces the same again attaches, and one of both makes the update`() {
        let harness = waiting()
        harness.announce(by: "nucleus#2")
        harness.answer("camera")
        harness.announce(by: "nucleus#3")
        #expect(
            harness.read() == """
                0 s  nucleus#2 ← attached d-1 again to camera
                0 s  camera ← granted 0 s, 12 h left
                0 s  nucleus ← released d-1 on consent after 0 s
                0 s  nucleus#2 ← released d-1 on consent after 0 s, joined
                0 s  nucleus#3 ← attached d-1 again to camera
                0 s  nucleus#3 ← released d-1 on consent after 0 s, joined
                """
        )
    }

    @Test func `that announces the same id with another request is refused, also after release`() {
        let harness = waiting()
        harness.announce(by: "nucleus#2", asSent: [1])
        harness.answer("camera")
        harness.announce(by: "nucleus#2", asSent: [1])
        #expect(
            harness.read() == """
                0 s  nucleus#2 ← failed: another request
                0 s  camera ← granted 0 s, 12 h left
                0 s  nucleus ← released d-1 on consent after 0 s
                0 s  nucleus#2 ← failed: another request
                """
        )
    }

    @Test func `may announce an id again after its completion, with any request`() {
        let harness = waiting()
        harness.answer("camera")
        harness.complete()
        harness.skip()
        harness.announce(asSent: [1])
        #expect(
            harness.read() == """
                0 s  nucleus ← attached d-1 to camera
                0 s  camera ← notice d-1 round 1, respond by 60 s
                """
        )
    }

    @Test func `that leaves keeps the gate shut, and the update is cancelled after a grace`() {
        let harness = waiting()
        harness.leave()
        harness.answer("camera")
        harness.wait(.milliseconds(4_999))
        #expect(harness.isWaiting())
        harness.wait(.milliseconds(1))
        #expect(
            harness.read() == """
                0 s  camera ← granted 0 s, 12 h left
                5 s  camera ← post d-1 cancelled
                """
        )
    }

    @Test func `that returns in time finds the gate open if nobody blocks`() {
        let harness = waiting()
        harness.leave()
        harness.answer("camera")
        harness.wait(.seconds(4))
        harness.skip()
        harness.announce()
        #expect(
            harness.read() == """
                4 s  nucleus ← attached d-1 again to camera
                4 s  nucleus ← released d-1 on consent after 4 s
                """
        )
    }

    @Test func `that is away is not refused behind its back`() {
        let harness = waiting(Policy(responseTimeout: .seconds(2), onSilence: .refuse))
        harness.leave()
        harness.wait(.seconds(4))
        #expect(harness.state("camera") == .silent)
        harness.skip()
        harness.announce()
        #expect(harness.read().contains("4 s  nucleus ← refused d-1: no answer from camera"))
    }

    @Test func `that is away at the deadline finds it used when it returns`() {
        let harness = waiting(Policy(deadline: .seconds(10)))
        harness.wait(.seconds(8))
        harness.leave()
        harness.wait(.seconds(4))
        #expect(harness.isWaiting())
        harness.skip()
        harness.announce()
        #expect(harness.read().contains("12 s  nucleus ← released d-1 on deadline after 12 s"))
    }

    @Test func `that finds the deadline passed is not let through on consent unconfirmed`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera", confirm: true)
        harness.announce(policy: Policy(deadline: .seconds(10)))
        harness.wait(.seconds(8))
        harness.leave()
        harness.answer("camera")
        harness.wait(.seconds(4))
        harness.skip()
        harness.announce()
        #expect(harness.read().contains("released d-1 on deadline"))
    }

    @Test func `leaves alone what another one still waits for`() {
        let harness = waiting()
        harness.announce(by: "nucleus#2")
        harness.leave()
        harness.wait(.seconds(10))
        #expect(harness.isWaiting())
        harness.hangUp("nucleus#2")
        harness.wait(.seconds(5))
        #expect(!harness.isWaiting())
    }

    @Test func `that is itself a participant is not asked, and gets no post`() {
        let harness = NegotiationHarness()
        harness.subscribe("nucleus.service", process: 42)
        harness.announce(policy: Policy(require: ["nucleus.service"]), process: 42)
        harness.complete()
        #expect(
            harness.read() == """
                0 s  nucleus ← attached d-1
                0 s  nucleus ← released d-1 on consent after 0 s
                0 s  operator ← done
                """
        )
    }

    @Test func `that was asked before it came back to its gate is asked no more`() {
        let harness = waiting()
        harness.answer("camera", .seconds(60))
        harness.leave()
        harness.subscribe("nucleus.service", process: 43)
        #expect(harness.blockers() == ["camera", "nucleus.service"])
        harness.announce(process: 43)
        #expect(harness.blockers() == ["camera"])
    }

    @Test func `keeps its own word where it deferred before, and is not asked when that is over`() {
        let harness = NegotiationHarness()
        harness.subscribe("nucleus.service", process: 43)
        harness.announce(policy: Policy(onSilence: .refuse))
        harness.answer("nucleus.service", .seconds(60))
        harness.announce(by: "nucleus#2", process: 43)
        harness.skip()
        harness.wait(.seconds(60))
        #expect(
            harness.read() == """
                60 s  nucleus ← released d-1 on consent after 60 s
                60 s  nucleus#2 ← released d-1 on consent after 60 s, joined
                """
        )
    }

    @Test func `finds its own component there when that is required and comes later`() {
        let harness = NegotiationHarness(naming: "unit/nucleus")
        let policy = Policy(onSilence: .refuse, require: ["nucleus"])
        harness.announce(policy: policy, process: 43)
        harness.skip()
        harness.subscribe("unit/nucleus", process: 43)
        #expect(harness.read() == "0 s  nucleus ← released d-1 on consent after 0 s")
    }

    @Test func `is not refused because its own component was away for a moment`() {
        let harness = NegotiationHarness()
        harness.subscribe("nucleus.service", process: 42)
        harness.announce(policy: Policy(onSilence: .refuse), process: 43)
        harness.hangUp("nucleus.service")
        harness.subscribe("nucleus.service", process: 43)
        harness.skip()
        harness.wait(.seconds(5))
        #expect(harness.read() == "5 s  nucleus ← released d-1 on consent after 5 s")
    }

    @Test func `gets no further than the limit of updates`() {
        var settings = Settings()
        settings.maximumUpdates = 1
        let harness = NegotiationHarness(settings: settings)
        harness.announce()
        harness.skip()
        harness.announce("d-2")
        #expect(harness.read() == "0 s  nucleus ← failed: too many updates")
    }

    private func waiting(_ policy: Policy = Policy()) -> NegotiationHarness {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce(policy: policy)
        harness.skip()
        return harness
    }
}
