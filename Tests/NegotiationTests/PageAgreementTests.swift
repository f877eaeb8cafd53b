// SPDX-License-Identifier: Apache-2.0

import Negotiation
import TestSupport
import Testing

/// Each test is named after the sentence of `Protocol/` that it checks.
@Suite("Where page and program must agree") struct PageAgreementTests {
    @Test func `Where less than 1 ms is left to grant, a deferral is refused`() {
        let rehearsal = asked(Policy(maxDefer: .zero))
        #expect(rehearsal.lastNotice("camera")?.maxDefer == .zero)
        rehearsal.answer("camera", .seconds(30))
        #expect(rehearsal.read() == "0 s  camera ← failed: deferrals forbidden")
        #expect(rehearsal.state("camera") == .asked)
    }

    @Test func `An operator's MaxDefer=0s forbids deferrals`() {
        var settings = Settings()
        var rule = ComponentRule(pattern: "camera")
        rule.maxDefer = .zero
        settings.rules = [rule]
        let rehearsal = asked(settings: settings)
        #expect(rehearsal.lastNotice("camera")?.maxDefer == .zero)
        rehearsal.answer("camera", .seconds(30))
        rehearsal.answer("camera")
        #expect(
            rehearsal.read() == """
                0 s  camera ← failed: deferrals forbidden
                0 s  camera ← granted 0 s, 12 h left
                """
        )
    }

    @Test func `untilMs is when the state ends: by its timer, the budget or the deadline`() {
        let budget = asked(Policy(maxTotalDefer: .seconds(50)))
        budget.answer("camera", .seconds(40))
        budget.wait(.seconds(45))
        #expect(budget.state("camera") == .asked)
        #expect(budget.participant("camera")?.until == .seconds(5))
        let deadline = asked(Policy(deadline: .seconds(30)))
        #expect(deadline.participant("camera")?.until == .seconds(30))
        deadline.hangUp("camera")
        #expect(deadline.participant("camera")?.until == .seconds(5))
        deadline.wait(.seconds(5))
        #expect(deadline.participant("camera")?.until == nil)
    }

    @Test func `After the release a gone component's 0 succeeds without effect`() {
        let rehearsal = gone()
        rehearsal.answer("arm")
        rehearsal.subscribe("camera")
        rehearsal.skip()
        rehearsal.answer("camera")
        rehearsal.answer("camera", .seconds(1))
        #expect(
            rehearsal.read() == """
                5 s  camera ← granted 0 s, 43195 s left
                5 s  camera ← failed: already released
                """
        )
        #expect(rehearsal.state("camera") == .gone)
    }

    @Test func `A silent component that says it could is asked finally`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm", "camera", confirm: true)
        rehearsal.announce()
        rehearsal.answer("arm", .seconds(100))
        rehearsal.wait(.seconds(60))
        rehearsal.answer("arm")
        rehearsal.skip()
        rehearsal.subscribe("camera#2")
        rehearsal.answer("camera")
        rehearsal.answer("camera")
        #expect(
            rehearsal.read() == """
                60 s  camera#2 ← notice d-1 round 2, respond by 0 s, final
                60 s  camera ← granted 0 s, 43140 s left
                60 s  camera ← notice d-1 round 2, respond by 60 s, final
                60 s  camera ← granted 0 s, 43140 s left
                """
        )
        #expect(rehearsal.state("camera") == .asked)
        rehearsal.answer("arm", round: 2)
        rehearsal.answer("camera", round: 2)
        #expect(rehearsal.read().contains("released d-1 on consent"))
    }

    @Test func `The deadline cuts every blocker, also with no coordinator`() {
        let rehearsal = asked(Policy(deadline: .seconds(20), onSilence: .refuse), others: [])
        rehearsal.answer("camera", .seconds(60))
        rehearsal.wait(.seconds(17))
        rehearsal.leave()
        rehearsal.wait(.seconds(4))
        #expect(rehearsal.state("camera") == .overridden)
        rehearsal.skip()
        rehearsal.announce()
        #expect(
            rehearsal.read() == """
                21 s  nucleus ← attached d-1 again to camera
                21 s  nucleus ← released d-1 on deadline after 21 s, overridden camera
                """
        )
    }

    @Test func `that are released, or whose deferral would be refused`() {
        let spent = asked(Policy(maxTotalDefer: .seconds(40)))
        #expect(spent.underway("camera").isEmpty)
        spent.wait(.seconds(20))
        spent.subscribe("door")
        spent.wait(.seconds(20))
        #expect(spent.state("camera") == .silent)
        #expect(spent.underway("camera") == ["d-1"])
        #expect(spent.underway("door").isEmpty)
        let late = asked(Policy(deadline: .seconds(10)))
        late.wait(.seconds(8))
        late.leave()
        late.wait(.seconds(2))
        #expect(late.underway("camera") == ["d-1"])
        #expect(late.underway("till") == ["d-1"])
        #expect(asked(Policy(maxDefer: .zero)).underway("camera") == ["d-1"])
    }
}

// MARK: - How the stories begin

extension PageAgreementTests {
    /// A camera has just been asked. Others keep the gate shut, as long as they may.
    func asked(
        _ policy: Policy = Policy(),
        settings: Settings = Settings(),
        others: [String] = ["arm"]
    ) -> Rehearsal {
        let rehearsal = Rehearsal(settings: settings)
        rehearsal.subscribe("camera")
        for other in others { rehearsal.subscribe(other) }
        rehearsal.announce(policy: policy)
        rehearsal.skip()
        return rehearsal
    }

    /// A camera has hung up and not come back in time; an arm still blocks.
    func gone() -> Rehearsal {
        let rehearsal = asked()
        rehearsal.hangUp("camera")
        rehearsal.wait(.seconds(5))
        rehearsal.skip()
        return rehearsal
    }
}
