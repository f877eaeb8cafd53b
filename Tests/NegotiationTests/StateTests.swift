// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

/// The table of a participant's states: how each is entered and left.
@Suite("A participant") struct StateTests {
    @Test func `that acknowledges opens the gate in the same instant`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce()
        harness.wait(.milliseconds(5))
        harness.answer("camera")
        #expect(
            harness.read() == """
                0 s  nucleus ← attached d-1 to camera
                0 s  camera ← notice d-1 round 1, respond by 60 s
                0.005 s  camera ← granted 0 s, 43199.995 s left
                0.005 s  nucleus ← released d-1 on consent after 0.005 s
                """
        )
    }

    @Test func `that defers is asked again when its time is over, in the next round`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce()
        harness.skip()
        harness.wait(.seconds(10))
        harness.answer("camera", .seconds(30))
        #expect(harness.state("camera") == .deferred)
        harness.wait(.seconds(30))
        #expect(harness.state("camera") == .asked)
        harness.answer("camera")
        #expect(
            harness.read() == """
                10 s  camera ← granted 30 s, 43160 s left
                40 s  camera ← notice d-1 round 2, respond by 60 s
                40 s  camera ← granted 0 s, 43160 s left
                40 s  nucleus ← released d-1 on consent after 40 s
                """
        )
    }

    @Test func `that defers unblocks at once when it says it is ready`() {
        let harness = waiting()
        harness.answer("camera", .seconds(3_600))
        harness.wait(.seconds(3))
        harness.answer("camera")
        #expect(harness.read().contains("3 s  nucleus ← released d-1 on consent after 3 s"))
    }

    @Test func `that defers again replaces its deferral, longer or shorter`() {
        let harness = waiting("arm")
        harness.answer("arm", .seconds(100))
        harness.wait(.seconds(10))
        harness.answer("arm", .seconds(20))
        #expect(harness.participant("arm")?.until == .seconds(20))
        harness.answer("arm", .seconds(500))
        #expect(harness.participant("arm")?.until == .seconds(500))
        #expect(harness.participant("arm")?.deferrals == 3)
    }

    @Test func `that acknowledged may still defer while another blocks`() {
        let harness = waiting("arm", "camera")
        harness.answer("camera")
        #expect(harness.blockers() == ["arm"])
        harness.answer("camera", .seconds(30))
        #expect(harness.blockers() == ["arm", "camera"])
    }

    @Test func `that gives no answer in time is silent, and the gate opens on silence`() {
        let harness = waiting()
        harness.wait(.milliseconds(59_999))
        #expect(harness.blockers() == ["camera"])
        harness.wait(.milliseconds(1))
        #expect(
            harness.read() == "60 s  nucleus ← released d-1 on silence after 60 s, silent camera"
        )
    }

    @Test func `that was silent is heard when it answers after all`() {
        let harness = waiting("arm", "camera")
        harness.answer("arm", .seconds(600))
        harness.wait(.seconds(60))
        #expect(harness.state("camera") == .silent)
        harness.answer("camera", .seconds(700))
        #expect(harness.blockers() == ["arm", "camera"])
        harness.answer("camera")
        harness.answer("arm")
        #expect(harness.read().contains("released d-1 on consent"))
    }

    @Test func `that was silent hears the question at its next subscription, and does not block`() {
        let harness = waiting("arm", "camera")
        harness.answer("arm", .seconds(600))
        harness.wait(.seconds(60))
        harness.skip()
        harness.subscribe("camera#2")
        #expect(harness.read() == "60 s  camera#2 ← notice d-1 round 1, respond by 0 s")
        #expect(harness.blockers() == ["arm"])
    }

    @Test func `that is required and absent blocks, and is asked once it comes`() {
        let harness = NegotiationHarness()
        harness.announce(policy: Policy(require: ["till"]))
        #expect(harness.state("till") == .absent)
        harness.wait(.seconds(59))
        harness.skip()
        harness.subscribe("till")
        #expect(harness.read() == "59 s  till ← notice d-1 round 1, respond by 60 s")
        #expect(harness.state("till") == .asked)
    }

    @Test func `that is required and never comes refuses the update`() {
        let harness = NegotiationHarness()
        harness.announce(policy: Policy(require: ["till"]))
        harness.skip()
        harness.wait(.seconds(60))
        #expect(harness.read() == "60 s  nucleus ← refused d-1: no answer from till")
    }

    @Test func `of many silent components a refusal names the first five`() {
        let harness = NegotiationHarness()
        for number in 1...7 { harness.subscribe("till\(number)") }
        harness.announce(policy: Policy(onSilence: .refuse))
        harness.skip()
        harness.wait(.seconds(60))
        let named = "till1, till2, till3, till4, till5 and 2 more"
        #expect(harness.read().contains("nucleus ← refused d-1: no answer from \(named)\n"))
    }

    @Test func `that is required and does not come back refuses the update`() {
        let harness = NegotiationHarness()
        harness.subscribe("till", "door")
        harness.announce(policy: Policy(require: ["till"]))
        harness.skip()
        harness.hangUp("door")
        harness.wait(.seconds(5))
        #expect(harness.state("door") == .gone)
        harness.hangUp("till")
        harness.wait(.seconds(5))
        #expect(harness.read() == "10 s  nucleus ← refused d-1: no answer from till")
    }

    @Test func `that is required, connected and silent does not refuse the update`() {
        let harness = NegotiationHarness()
        harness.subscribe("till")
        harness.announce(policy: Policy(require: ["till"]))
        harness.skip()
        harness.wait(.seconds(60))
        #expect(harness.read().contains("released d-1 on silence after 60 s, silent till"))
    }

    @Test func `that is absent at the deadline refuses the update, and force opens it`() {
        let harness = NegotiationHarness()
        harness.announce(policy: Policy(deadline: .seconds(9), require: ["till"]))
        harness.skip()
        harness.wait(.seconds(9))
        #expect(harness.read() == "9 s  nucleus ← refused d-1: no answer from till")
        harness.announce("d-2", policy: Policy(require: ["till"]))
        harness.force("d-2")
        #expect(harness.status("d-2")?.isReleased == true)
    }

    @Test func `that is required and absent is silent after the response time, if that is so`() {
        let harness = NegotiationHarness()
        harness.announce(policy: Policy(require: ["till"], onAbsence: .proceed))
        harness.wait(.seconds(60))
        #expect(
            harness.read() == """
                0 s  nucleus ← attached d-1 to till
                60 s  nucleus ← released d-1 on silence after 60 s, silent till
                """
        )
    }

    @Test func `that is required and never comes refuses the update where silence refuses`() {
        let harness = NegotiationHarness()
        harness.announce(policy: Policy(onSilence: .refuse, require: ["till"]))
        harness.skip()
        harness.wait(.seconds(60))
        #expect(harness.read() == "60 s  nucleus ← refused d-1: no answer from till")
    }

    @Test func `that is required by name is met by a unit of that name, which a rule names`() {
        let harness = NegotiationHarness(naming: "shop/*")
        harness.announce(policy: Policy(require: ["till", "shop/till"]), components: ["door"])
        harness.subscribe("shop/till")
        #expect(harness.status()?.participants.map(\.component) == ["shop/till"])
        harness.answer("shop/till")
        #expect(harness.read().contains("released d-1 on consent"))
    }

    @Test func `that its cap cut is overridden, and is not asked again`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm", "camera")
        harness.announce(
            policy: Policy(responseTimeout: .seconds(10), maxTotalDefer: .seconds(100))
        )
        harness.answer("camera", .seconds(10))
        harness.wait(.seconds(5))
        harness.answer("arm", .seconds(500))
        #expect(harness.participant("arm")?.remaining == .seconds(95))
        harness.wait(.seconds(5))
        harness.answer("camera", .seconds(60))
        harness.wait(.seconds(60))
        harness.answer("camera", .seconds(30))
        harness.wait(.milliseconds(29_999))
        #expect(harness.blockers() == ["arm", "camera"])
        harness.skip()
        harness.wait(.milliseconds(1))
        #expect(
            harness.read()
                == "100 s  nucleus ← released d-1 on capped after 100 s, overridden arm camera"
        )
    }

    /// A camera, or whoever is named, has just been asked.
    private func waiting(_ names: String...) -> NegotiationHarness {
        let harness = NegotiationHarness()
        for name in names.isEmpty ? ["camera"] : names { harness.subscribe(name) }
        harness.announce()
        harness.skip()
        return harness
    }
}

/// When a watcher is told of it.
@Suite("A status") struct StatusTests {
    @Test func `that has not changed is not announced`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera", "camera#2", "arm")
        harness.announce()
        harness.announce(by: "nucleus#2")
        let changes = harness.statusChanges
        harness.unsubscribe("camera#2")
        harness.hangUp("camera#2")
        harness.hangUp("nobody")
        harness.hangUp("arm#2")
        harness.leave("nucleus#2")
        harness.suspend(.zero)
        #expect(harness.statusChanges == changes)
        harness.hangUp("camera")
        #expect(harness.statusChanges == changes + 1)
    }
}
