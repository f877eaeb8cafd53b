// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

/// Announcing, attaching, leaving, and whom an update concerns.
@Suite("A coordinator") struct CoordinatorTests {
    @Test func `is let through at once where nobody is subscribed`() {
        let rehearsal = Rehearsal()
        rehearsal.announce()
        #expect(
            rehearsal.read() == """
                0 s  nucleus ← attached d-1
                0 s  nucleus ← released d-1 on consent after 0 s
                """
        )
    }

    @Test func `that skips the components tells them nothing, before or after`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce(policy: Policy(notification: .skip, require: ["till"]))
        rehearsal.subscribe("arm")
        rehearsal.complete()
        #expect(
            rehearsal.read() == """
                0 s  nucleus ← attached d-1
                0 s  nucleus ← released d-1 on skipped after 0 s
                0 s  operator ← done
                """
        )
    }

    @Test func `asks those it names, each once, and hears which names matched nobody`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm", "camera", "shop/till")
        rehearsal.announce(components: ["till", "camera", "camera", "ghost", "ghost"])
        #expect(
            rehearsal.read() == """
                0 s  nucleus ← attached d-1 to camera shop/till, unmatched ghost
                0 s  camera ← notice d-1 round 1, respond by 60 s
                0 s  shop/till ← notice d-1 round 1, respond by 60 s
                """
        )
    }

    @Test func `hears that a required name matched nobody, also with no time to wait for it`() {
        let rehearsal = Rehearsal()
        let policy = Policy(
            responseTimeout: .zero,
            require: ["ghost"],
            onAbsence: .proceed
        )
        rehearsal.announce(policy: policy, components: ["ghost"])
        #expect(
            rehearsal.read() == """
                0 s  nucleus ← attached d-1 to ghost, unmatched ghost
                0 s  nucleus ← released d-1 on silence after 0 s, silent ghost
                """
        )
    }

    @Test func `that names nobody asks everybody`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm", "camera")
        rehearsal.announce(components: [])
        #expect(rehearsal.blockers() == ["arm", "camera"])
    }

    @Test func `makes the update where the one before it is gone, waiting or released`() {
        let rehearsal = waiting()
        rehearsal.announce(by: "nucleus#2")
        rehearsal.leave()
        rehearsal.skip()
        rehearsal.answer("camera")
        rehearsal.hangUp("nucleus#2")
        rehearsal.announce(by: "nucleus#3")
        #expect(
            rehearsal.read() == """
                0 s  camera ← granted 0 s, 12 h left
                0 s  nucleus#2 ← released d-1 on consent after 0 s
                0 s  nucleus#3 ← attached d-1 again to camera
                0 s  nucleus#3 ← released d-1 on consent after 0 s
                """
        )
    }

    @Test func `that announces the same again attaches, and one of both makes the update`() {
        let rehearsal = waiting()
        rehearsal.announce(by: "nucleus#2")
        rehearsal.answer("camera")
        rehearsal.announce(by: "nucleus#3")
        #expect(
            rehearsal.read() == """
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
        let rehearsal = waiting()
        rehearsal.announce(by: "nucleus#2", asSent: [1])
        rehearsal.answer("camera")
        rehearsal.announce(by: "nucleus#2", asSent: [1])
        #expect(
            rehearsal.read() == """
                0 s  nucleus#2 ← failed: another request
                0 s  camera ← granted 0 s, 12 h left
                0 s  nucleus ← released d-1 on consent after 0 s
                0 s  nucleus#2 ← failed: another request
                """
        )
    }

    @Test func `may announce an id again after its completion, with any request`() {
        let rehearsal = waiting()
        rehearsal.answer("camera")
        rehearsal.complete()
        rehearsal.skip()
        rehearsal.announce(asSent: [1])
        #expect(
            rehearsal.read() == """
                0 s  nucleus ← attached d-1 to camera
                0 s  camera ← notice d-1 round 1, respond by 60 s
                """
        )
    }

    @Test func `that leaves keeps the gate shut, and the update is cancelled after a grace`() {
        let rehearsal = waiting()
        rehearsal.leave()
        rehearsal.answer("camera")
        rehearsal.wait(.milliseconds(4_999))
        #expect(rehearsal.isWaiting())
        rehearsal.wait(.milliseconds(1))
        #expect(
            rehearsal.read() == """
                0 s  camera ← granted 0 s, 12 h left
                5 s  camera ← post d-1 cancelled
                """
        )
    }

    @Test func `that returns in time finds the gate open if nobody blocks`() {
        let rehearsal = waiting()
        rehearsal.leave()
        rehearsal.answer("camera")
        rehearsal.wait(.seconds(4))
        rehearsal.skip()
        rehearsal.announce()
        #expect(
            rehearsal.read() == """
                4 s  nucleus ← attached d-1 again to camera
                4 s  nucleus ← released d-1 on consent after 4 s
                """
        )
    }

    @Test func `that is away is not refused behind its back`() {
        let rehearsal = waiting(Policy(responseTimeout: .seconds(2), onSilence: .refuse))
        rehearsal.leave()
        rehearsal.wait(.seconds(4))
        #expect(rehearsal.state("camera") == .silent)
        rehearsal.skip()
        rehearsal.announce()
        #expect(rehearsal.read().contains("4 s  nucleus ← refused d-1: no answer from camera"))
    }

    @Test func `that is away at the deadline finds it used when it returns`() {
        let rehearsal = waiting(Policy(deadline: .seconds(10)))
        rehearsal.wait(.seconds(8))
        rehearsal.leave()
        rehearsal.wait(.seconds(4))
        #expect(rehearsal.isWaiting())
        rehearsal.skip()
        rehearsal.announce()
        #expect(rehearsal.read().contains("12 s  nucleus ← released d-1 on deadline after 12 s"))
    }

    @Test func `that finds the deadline passed is not let through on consent unconfirmed`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera", confirm: true)
        rehearsal.announce(policy: Policy(deadline: .seconds(10)))
        rehearsal.wait(.seconds(8))
        rehearsal.leave()
        rehearsal.answer("camera")
        rehearsal.wait(.seconds(4))
        rehearsal.skip()
        rehearsal.announce()
        #expect(rehearsal.read().contains("released d-1 on deadline"))
    }

    @Test func `leaves alone what another one still waits for`() {
        let rehearsal = waiting()
        rehearsal.announce(by: "nucleus#2")
        rehearsal.leave()
        rehearsal.wait(.seconds(10))
        #expect(rehearsal.isWaiting())
        rehearsal.hangUp("nucleus#2")
        rehearsal.wait(.seconds(5))
        #expect(!rehearsal.isWaiting())
    }

    @Test func `that is itself a participant is not asked, and gets no post`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("nucleus.service", process: 42)
        rehearsal.announce(policy: Policy(require: ["nucleus.service"]), process: 42)
        rehearsal.complete()
        #expect(
            rehearsal.read() == """
                0 s  nucleus ← attached d-1
                0 s  nucleus ← released d-1 on consent after 0 s
                0 s  operator ← done
                """
        )
    }

    @Test func `that was asked before it came back to its gate is asked no more`() {
        let rehearsal = waiting()
        rehearsal.answer("camera", .seconds(60))
        rehearsal.leave()
        rehearsal.subscribe("nucleus.service", process: 43)
        #expect(rehearsal.blockers() == ["camera", "nucleus.service"])
        rehearsal.announce(process: 43)
        #expect(rehearsal.blockers() == ["camera"])
    }

    @Test func `keeps its own word where it deferred before, and is not asked when that is over`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("nucleus.service", process: 43)
        rehearsal.announce(policy: Policy(onSilence: .refuse))
        rehearsal.answer("nucleus.service", .seconds(60))
        rehearsal.announce(by: "nucleus#2", process: 43)
        rehearsal.skip()
        rehearsal.wait(.seconds(60))
        #expect(
            rehearsal.read() == """
                60 s  nucleus ← released d-1 on consent after 60 s
                60 s  nucleus#2 ← released d-1 on consent after 60 s, joined
                """
        )
    }

    @Test func `finds its own component there when that is required and comes later`() {
        let rehearsal = Rehearsal(naming: "unit/nucleus")
        let policy = Policy(onSilence: .refuse, require: ["nucleus"])
        rehearsal.announce(policy: policy, process: 43)
        rehearsal.skip()
        rehearsal.subscribe("unit/nucleus", process: 43)
        #expect(rehearsal.read() == "0 s  nucleus ← released d-1 on consent after 0 s")
    }

    @Test func `is not refused because its own component was away for a moment`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("nucleus.service", process: 42)
        rehearsal.announce(policy: Policy(onSilence: .refuse), process: 43)
        rehearsal.hangUp("nucleus.service")
        rehearsal.subscribe("nucleus.service", process: 43)
        rehearsal.skip()
        rehearsal.wait(.seconds(5))
        #expect(rehearsal.read() == "5 s  nucleus ← released d-1 on consent after 5 s")
    }

    @Test func `gets no further than the limit of updates`() {
        var settings = Settings()
        settings.maximumUpdates = 1
        let rehearsal = Rehearsal(settings: settings)
        rehearsal.announce()
        rehearsal.skip()
        rehearsal.announce("d-2")
        #expect(rehearsal.read() == "0 s  nucleus ← failed: too many updates")
    }

    private func waiting(_ policy: Policy = Policy()) -> Rehearsal {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce(policy: policy)
        rehearsal.skip()
        return rehearsal
    }
}
