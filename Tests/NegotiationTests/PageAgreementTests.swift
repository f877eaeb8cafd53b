// SPDX-License-Identifier: Apache-2.0

import Negotiation
import TestSupport
import Testing

/// Each test is named after the sentence of `Protocol/` that it checks.
@Suite("Where page and program must agree") struct PageAgreementTests {
    @Test func `Where less than 1 ms is left to grant, a deferral is refused`() {
        let harness = asked(Policy(maxDefer: .zero))
        #expect(harness.lastNotice("camera")?.maxDefer == .zero)
        harness.answer("camera", .seconds(30))
        #expect(harness.read() == "0 s  camera ← failed: deferrals forbidden")
        #expect(harness.state("camera") == .asked)
    }

    @Test func `An operator's MaxDefer=0s forbids deferrals`() {
        var settings = Settings()
        var rule = ComponentRule(pattern: "camera")
        rule.maxDefer = .zero
        settings.rules = [rule]
        let harness = asked(settings: settings)
        #expect(harness.lastNotice("camera")?.maxDefer == .zero)
        harness.answer("camera", .seconds(30))
        harness.answer("camera")
        #expect(
            harness.read() == """
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
        let harness = gone()
        harness.answer("arm")
        harness.subscribe("camera")
        harness.skip()
        harness.answer("camera")
        harness.answer("camera", .seconds(1))
        #expect(
            harness.read() == """
                5 s  camera ← granted 0 s, 43195 s left
                5 s  camera ← failed: already released
                """
        )
        #expect(harness.state("camera") == .gone)
    }

    @Test func `A silent component that says it could is asked finally`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm", "camera", confirm: true)
        harness.announce()
        harness.answer("arm", .seconds(100))
        harness.wait(.seconds(60))
        harness.answer("arm")
        harness.skip()
        harness.subscribe("camera#2")
        harness.answer("camera")
        harness.answer("camera")
        #expect(
            harness.read() == """
                60 s  camera#2 ← notice d-1 round 2, respond by 0 s, final
                60 s  camera ← granted 0 s, 43140 s left
                60 s  camera ← notice d-1 round 2, respond by 60 s, final
                60 s  camera ← granted 0 s, 43140 s left
                """
        )
        #expect(harness.state("camera") == .asked)
        harness.answer("arm", round: 2)
        harness.answer("camera", round: 2)
        #expect(harness.read().contains("released d-1 on consent"))
    }

    @Test func `The deadline cuts every blocker, also with no coordinator`() {
        let harness = asked(Policy(deadline: .seconds(20), onSilence: .refuse), others: [])
        harness.answer("camera", .seconds(60))
        harness.wait(.seconds(17))
        harness.leave()
        harness.wait(.seconds(4))
        #expect(harness.state("camera") == .overridden)
        harness.skip()
        harness.announce()
        #expect(
            harness.read() == """
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
        let awaited = NegotiationHarness(naming: "shop/*")
        awaited.announce(policy: Policy(maxTotalDefer: .seconds(40), require: ["till"]))
        awaited.wait(.seconds(20))
        awaited.subscribe("door")
        awaited.wait(.seconds(20))
        #expect(awaited.isWaiting())
        #expect(awaited.underway("shop/till") == ["d-1"])
    }
}

// MARK: - How the stories begin

extension PageAgreementTests {
    /// A camera has just been asked. Others keep the gate shut, as long as they may.
    func asked(
        _ policy: Policy = Policy(),
        settings: Settings = Settings(),
        others: [String] = ["arm"]
    ) -> NegotiationHarness {
        let harness = NegotiationHarness(settings: settings)
        harness.subscribe("camera")
        for other in others { harness.subscribe(other) }
        harness.announce(policy: policy)
        harness.skip()
        return harness
    }

    /// A camera has hung up and not come back in time; an arm still blocks.
    func gone() -> NegotiationHarness {
        let harness = asked()
        harness.hangUp("camera")
        harness.wait(.seconds(5))
        harness.skip()
        return harness
    }
}
