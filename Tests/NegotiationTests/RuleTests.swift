// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

/// What an operator settles for components by their names.
@Suite("A rule") struct RuleTests {
    private func harness(_ rules: ComponentRule...) -> NegotiationHarness {
        var settings = Settings()
        settings.rules = rules
        let harness = NegotiationHarness(settings: settings)
        harness.subscribe("camera", "arm")
        return harness
    }

    private func rule(_ pattern: String, _ change: (inout ComponentRule) -> Void) -> ComponentRule {
        var rule = ComponentRule(pattern: pattern)
        change(&rule)
        return rule
    }

    @Test(
        arguments: [
            ("camera", "camera"), ("*", "camera"), ("c*a", "camera"), ("*a*a", "camera"),
            ("??????", "camera"), ("*", "till/camera"), ("till/*", "till/camera"),
            ("*/camera", "till/camera"), ("cam*era*", "camera"), ("**", ""),
        ]
    )
    func `matches`(pattern: String, name: String) {
        #expect(ComponentRule(pattern: pattern).matches(name))
    }

    @Test(
        arguments: [
            ("camera", "cameras"), ("camera", "Camera"), ("c*", "arm"), ("?", "camera"),
            ("camera", "till/camera"), ("com.*", "till/com.example"), ("*a*b", "camera"), ("", "c"),
        ]
    )
    func `does not match`(pattern: String, name: String) {
        #expect(!ComponentRule(pattern: pattern).matches(name))
    }

    @Test func `caps what one answer is granted, and says so in the notice`() {
        let harness = harness(rule("cam*") { $0.maxDefer = .seconds(10) })
        harness.announce()
        #expect(harness.notices["camera"]?.last?.maxDefer == .seconds(10))
        #expect(harness.notices["arm"]?.last?.maxDefer == .seconds(3_600))
        harness.skip()
        harness.answer("camera", .seconds(60))
        #expect(harness.read() == "0 s  camera ← granted 10 s, 43190 s left")
    }

    @Test func `caps how long one update is blocked`() {
        let harness = harness(rule("camera") { $0.maxTotalDefer = .seconds(30) })
        harness.announce()
        harness.answer("arm")
        harness.skip()
        harness.answer("camera", .seconds(60))
        harness.wait(.seconds(29))
        #expect(harness.state("camera") == .deferred)
        harness.wait(.seconds(1))
        #expect(!harness.isWaiting() && harness.read().contains("capped"))
    }

    @Test func `raises nothing that the update caps lower`() {
        let harness = harness(rule("*") { $0.maxDefer = .seconds(100) })
        harness.announce(policy: Policy(maxDefer: .seconds(5)))
        harness.skip()
        harness.answer("camera", .seconds(60))
        #expect(harness.read() == "0 s  camera ← granted 5 s, 43195 s left")
    }

    @Test func `gives way to a later one that says something else`() {
        let first = rule("camera") { $0.maxDefer = .seconds(10) }
        let second = rule("*") { $0.maxDefer = .seconds(20) }
        let silent = ComponentRule(pattern: "camera")
        let harness = harness(first, second, silent)
        harness.announce()
        #expect(harness.notices["camera"]?.last?.maxDefer == .seconds(20))
    }

    @Test func `makes updates wait that concern a required component`() {
        let harness = harness(rule("till") { $0.isRequired = true })
        harness.announce()
        #expect(harness.state("till") == .absent)
        harness.announce("d-2", components: ["camera"])
        #expect(harness.participant("till", "d-2") == nil)
        harness.announce("d-3", components: ["till"])
        #expect(harness.participant("till", "d-3")?.state == .absent)
    }

    @Test func `that is a pattern requires nobody`() {
        let harness = harness(rule("till*") { $0.isRequired = true })
        harness.announce()
        #expect(harness.state("till*") == nil)
    }

    @Test(arguments: ["*", "*/till", "till", "other/*", "sho*/till", "s?op/*", "shop/t"])
    func `does not let another unit meet a requirement`(pattern: String) {
        let required = rule("till") { $0.isRequired = true }
        let harness = harness(required, rule(pattern) { _ in })
        harness.subscribe("shop/till")
        for (id, policy) in [("d-1", Policy()), ("d-2", Policy(require: ["till"]))] {
            harness.announce(id, policy: policy)
            #expect(harness.participant("till", id)?.state == .absent)
            harness.subscribe("shop/till")
            #expect(harness.participant("till", id)?.state == .absent)
            harness.subscribe("till")
            #expect(harness.participant("till", id)?.state == .asked)
            harness.hangUp("till")
        }
    }

    @Test(arguments: ["shop/*", "shop/till", "shop/t??l"])
    func `that names a unit lets it meet a requirement`(pattern: String) {
        let required = rule("till") { $0.isRequired = true }
        let harness = harness(required, rule(pattern) { _ in })
        harness.announce("d-1")
        #expect(harness.state("till", "d-1") == .absent)
        harness.subscribe("shop/till")
        harness.announce("d-2", policy: Policy(require: ["till"]))
        for id in ["d-1", "d-2"] {
            #expect(harness.state("till", id) == nil)
            #expect(harness.state("shop/till", id) == .asked)
        }
    }

    @Test func `for UNIT and NAME caps it where NAME was waited for`() {
        let required = rule("till") { $0.isRequired = true }
        let capped = rule("shop/*") { $0.maxTotalDefer = .seconds(30) }
        let harness = harness(required, capped)
        harness.announce()
        harness.subscribe("shop/till")
        #expect(harness.participant("shop/till")?.remaining == .seconds(30))
    }
}
