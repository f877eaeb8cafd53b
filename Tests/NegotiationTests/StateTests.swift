// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

/// The table of a participant's states: how each is entered and left.
@Suite("A participant") struct StateTests {
    @Test func `that acknowledges opens the gate in the same instant`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce()
        rehearsal.wait(.milliseconds(5))
        rehearsal.answer("camera")
        #expect(
            rehearsal.read() == """
                0 s  nucleus ← attached d-1 to camera
                0 s  camera ← notice d-1 round 1, respond by 60 s
                0.005 s  camera ← granted 0 s, 43199.995 s left
                0.005 s  nucleus ← released d-1 on consent after 0.005 s
                """
        )
    }

    @Test func `that defers is asked again when its time is over, in the next round`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce()
        rehearsal.skip()
        rehearsal.wait(.seconds(10))
        rehearsal.answer("camera", .seconds(30))
        #expect(rehearsal.state("camera") == .deferred)
        rehearsal.wait(.seconds(30))
        #expect(rehearsal.state("camera") == .asked)
        rehearsal.answer("camera")
        #expect(
            rehearsal.read() == """
                10 s  camera ← granted 30 s, 43160 s left
                40 s  camera ← notice d-1 round 2, respond by 60 s
                40 s  camera ← granted 0 s, 43160 s left
                40 s  nucleus ← released d-1 on consent after 40 s
                """
        )
    }

    @Test func `that defers unblocks at once when it says it is ready`() {
        let rehearsal = waiting()
        rehearsal.answer("camera", .seconds(3_600))
        rehearsal.wait(.seconds(3))
        rehearsal.answer("camera")
        #expect(rehearsal.read().contains("3 s  nucleus ← released d-1 on consent after 3 s"))
    }

    @Test func `that defers anew replaces its deferral, longer or shorter`() {
        let rehearsal = waiting("arm")
        rehearsal.answer("arm", .seconds(100))
        rehearsal.wait(.seconds(10))
        rehearsal.answer("arm", .seconds(20))
        #expect(rehearsal.participant("arm")?.until == .seconds(20))
        rehearsal.answer("arm", .seconds(500))
        #expect(rehearsal.participant("arm")?.until == .seconds(500))
        #expect(rehearsal.participant("arm")?.deferrals == 3)
    }

    @Test func `that acknowledged may still defer while another blocks`() {
        let rehearsal = waiting("arm", "camera")
        rehearsal.answer("camera")
        #expect(rehearsal.blockers() == ["arm"])
        rehearsal.answer("camera", .seconds(30))
        #expect(rehearsal.blockers() == ["arm", "camera"])
    }

    @Test func `that gives no answer in time is silent, and the gate opens on silence`() {
        let rehearsal = waiting()
        rehearsal.wait(.milliseconds(59_999))
        #expect(rehearsal.blockers() == ["camera"])
        rehearsal.wait(.milliseconds(1))
        #expect(
            rehearsal.read() == "60 s  nucleus ← released d-1 on silence after 60 s, silent camera"
        )
    }

    @Test func `that was silent is heard when it answers after all`() {
        let rehearsal = waiting("arm", "camera")
        rehearsal.answer("arm", .seconds(600))
        rehearsal.wait(.seconds(60))
        #expect(rehearsal.state("camera") == .silent)
        rehearsal.answer("camera", .seconds(700))
        #expect(rehearsal.blockers() == ["arm", "camera"])
        rehearsal.answer("camera")
        rehearsal.answer("arm")
        #expect(rehearsal.read().contains("released d-1 on consent"))
    }

    @Test func `that was silent hears the question at its next subscription, and does not block`() {
        let rehearsal = waiting("arm", "camera")
        rehearsal.answer("arm", .seconds(600))
        rehearsal.wait(.seconds(60))
        rehearsal.skip()
        rehearsal.subscribe("camera#2")
        #expect(rehearsal.read() == "60 s  camera#2 ← notice d-1 round 1, respond by 0 s")
        #expect(rehearsal.blockers() == ["arm"])
    }

    @Test func `that is required and absent blocks, and is asked once it comes`() {
        let rehearsal = Rehearsal()
        rehearsal.announce(policy: Policy(require: ["till"]))
        #expect(rehearsal.state("till") == .absent)
        rehearsal.wait(.seconds(59))
        rehearsal.skip()
        rehearsal.subscribe("till")
        #expect(rehearsal.read() == "59 s  till ← notice d-1 round 1, respond by 60 s")
        #expect(rehearsal.state("till") == .asked)
    }

    @Test func `that is required and never comes refuses the update`() {
        let rehearsal = Rehearsal()
        rehearsal.announce(policy: Policy(require: ["till"]))
        rehearsal.skip()
        rehearsal.wait(.seconds(60))
        #expect(rehearsal.read() == "60 s  nucleus ← refused d-1: no answer from till")
    }

    @Test func `that is required and does not come back refuses the update`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("till", "door")
        rehearsal.announce(policy: Policy(require: ["till"]))
        rehearsal.skip()
        rehearsal.hangUp("door")
        rehearsal.wait(.seconds(5))
        #expect(rehearsal.state("door") == .gone)
        rehearsal.hangUp("till")
        rehearsal.wait(.seconds(5))
        #expect(rehearsal.read() == "10 s  nucleus ← refused d-1: no answer from till")
    }

    @Test func `that is required, connected and silent does not refuse the update`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("till")
        rehearsal.announce(policy: Policy(require: ["till"]))
        rehearsal.skip()
        rehearsal.wait(.seconds(60))
        #expect(rehearsal.read().contains("released d-1 on silence after 60 s, silent till"))
    }

    @Test func `that is absent at the deadline refuses the update, and force opens it`() {
        let rehearsal = Rehearsal()
        rehearsal.announce(policy: Policy(deadline: .seconds(9), require: ["till"]))
        rehearsal.announce("d-2", policy: Policy(require: ["till"]))
        rehearsal.force("d-2")
        rehearsal.skip()
        rehearsal.wait(.seconds(9))
        #expect(rehearsal.read() == "9 s  nucleus ← refused d-1: no answer from till")
        #expect(rehearsal.status("d-2")?.isReleased == true)
    }

    @Test func `that is required and absent is silent after the response time, if that is so`() {
        let rehearsal = Rehearsal()
        rehearsal.announce(policy: Policy(require: ["till"], onAbsence: .proceed))
        rehearsal.wait(.seconds(60))
        #expect(
            rehearsal.read() == """
                0 s  nucleus ← attached d-1 to till
                60 s  nucleus ← released d-1 on silence after 60 s, silent till
                """
        )
    }

    @Test func `that is required and never comes refuses the update where silence refuses`() {
        let rehearsal = Rehearsal()
        rehearsal.announce(policy: Policy(onSilence: .refuse, require: ["till"]))
        rehearsal.skip()
        rehearsal.wait(.seconds(60))
        #expect(rehearsal.read() == "60 s  nucleus ← refused d-1: no answer from till")
    }

    @Test func `that is required by name is met by a unit of that name, which a rule names`() {
        let rehearsal = Rehearsal(naming: "shop/*")
        rehearsal.announce(policy: Policy(require: ["till", "shop/till"]), components: ["door"])
        rehearsal.subscribe("shop/till")
        #expect(rehearsal.status()?.participants.map(\.component) == ["shop/till"])
        rehearsal.answer("shop/till")
        #expect(rehearsal.read().contains("released d-1 on consent"))
    }

    @Test func `that its cap cut is overridden, and is not asked again`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm", "camera")
        rehearsal.announce(
            policy: Policy(responseTimeout: .seconds(10), maxTotalDefer: .seconds(100))
        )
        rehearsal.answer("camera", .seconds(10))
        rehearsal.wait(.seconds(5))
        rehearsal.answer("arm", .seconds(500))
        #expect(rehearsal.participant("arm")?.remaining == .seconds(95))
        rehearsal.wait(.seconds(5))
        rehearsal.answer("camera", .seconds(60))
        rehearsal.wait(.seconds(60))
        rehearsal.answer("camera", .seconds(30))
        rehearsal.wait(.milliseconds(29_999))
        #expect(rehearsal.blockers() == ["arm", "camera"])
        rehearsal.skip()
        rehearsal.wait(.milliseconds(1))
        #expect(
            rehearsal.read()
                == "100 s  nucleus ← released d-1 on capped after 100 s, overridden arm camera"
        )
    }

    /// A camera, or whoever is named, has just been asked.
    private func waiting(_ names: String...) -> Rehearsal {
        let rehearsal = Rehearsal()
        for name in names.isEmpty ? ["camera"] : names { rehearsal.subscribe(name) }
        rehearsal.announce()
        rehearsal.skip()
        return rehearsal
    }
}

/// When a watcher is told of it.
@Suite("A status") struct StatusTests {
    @Test func `that has not changed is not announced`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera", "camera#2", "arm")
        rehearsal.announce()
        rehearsal.announce(by: "nucleus#2")
        let changes = rehearsal.statusChanges
        rehearsal.unsubscribe("camera#2")
        rehearsal.hangUp("camera#2")
        rehearsal.hangUp("nobody")
        rehearsal.hangUp("arm#2")
        rehearsal.leave("nucleus#2")
        rehearsal.sleep(.zero)
        #expect(rehearsal.statusChanges == changes)
        rehearsal.hangUp("camera")
        #expect(rehearsal.statusChanges == changes + 1)
    }
}
