// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

/// What an operator settles for components by their names.
@Suite("A rule") struct RuleTests {
    private func rehearsal(_ rules: ComponentRule...) -> Rehearsal {
        var settings = Settings()
        settings.rules = rules
        let rehearsal = Rehearsal(settings: settings)
        rehearsal.subscribe("camera", "arm")
        return rehearsal
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
        let rehearsal = rehearsal(rule("cam*") { $0.maxDefer = .seconds(10) })
        rehearsal.announce()
        #expect(rehearsal.notices["camera"]?.last?.maxDefer == .seconds(10))
        #expect(rehearsal.notices["arm"]?.last?.maxDefer == .seconds(3_600))
        rehearsal.skip()
        rehearsal.answer("camera", .seconds(60))
        #expect(rehearsal.read() == "0 s  camera ← granted 10 s, 43190 s left")
    }

    @Test func `caps how long one update is blocked`() {
        let rehearsal = rehearsal(rule("camera") { $0.maxTotalDefer = .seconds(30) })
        rehearsal.announce()
        rehearsal.answer("arm")
        rehearsal.skip()
        rehearsal.answer("camera", .seconds(60))
        rehearsal.wait(.seconds(29))
        #expect(rehearsal.state("camera") == .deferred)
        rehearsal.wait(.seconds(1))
        #expect(!rehearsal.isWaiting() && rehearsal.read().contains("capped"))
    }

    @Test func `raises nothing that the update caps lower`() {
        let rehearsal = rehearsal(rule("*") { $0.maxDefer = .seconds(100) })
        rehearsal.announce(policy: Policy(maxDefer: .seconds(5)))
        rehearsal.skip()
        rehearsal.answer("camera", .seconds(60))
        #expect(rehearsal.read() == "0 s  camera ← granted 5 s, 43195 s left")
    }

    @Test func `gives way to a later one that says something else`() {
        let first = rule("camera") { $0.maxDefer = .seconds(10) }
        let second = rule("*") { $0.maxDefer = .seconds(20) }
        let silent = ComponentRule(pattern: "camera")
        let rehearsal = rehearsal(first, second, silent)
        rehearsal.announce()
        #expect(rehearsal.notices["camera"]?.last?.maxDefer == .seconds(20))
    }

    @Test func `makes updates wait that concern a required component`() {
        let rehearsal = rehearsal(rule("till") { $0.isRequired = true })
        rehearsal.announce()
        #expect(rehearsal.state("till") == .absent)
        rehearsal.announce("d-2", components: ["camera"])
        #expect(rehearsal.participant("till", "d-2") == nil)
        rehearsal.announce("d-3", components: ["till"])
        #expect(rehearsal.participant("till", "d-3")?.state == .absent)
    }

    @Test func `that is a pattern requires nobody`() {
        let rehearsal = rehearsal(rule("till*") { $0.isRequired = true })
        rehearsal.announce()
        #expect(rehearsal.state("till*") == nil)
    }

    @Test(arguments: ["*", "*/till", "till", "other/*", "sho*/till", "s?op/*", "shop/t"])
    func `does not let another unit meet a requirement`(pattern: String) {
        let required = rule("till") { $0.isRequired = true }
        let rehearsal = rehearsal(required, rule(pattern) { _ in })
        rehearsal.subscribe("shop/till")
        for (id, policy) in [("d-1", Policy()), ("d-2", Policy(require: ["till"]))] {
            rehearsal.announce(id, policy: policy)
            #expect(rehearsal.participant("till", id)?.state == .absent)
            rehearsal.subscribe("shop/till")
            #expect(rehearsal.participant("till", id)?.state == .absent)
            rehearsal.subscribe("till")
            #expect(rehearsal.participant("till", id)?.state == .asked)
            rehearsal.hangUp("till")
        }
    }

    @Test(arguments: ["shop/*", "shop/till", "shop/t??l"])
    func `that names a unit lets it meet a requirement`(pattern: String) {
        let required = rule("till") { $0.isRequired = true }
        let rehearsal = rehearsal(required, rule(pattern) { _ in })
        rehearsal.announce("d-1")
        #expect(rehearsal.state("till", "d-1") == .absent)
        rehearsal.subscribe("shop/till")
        rehearsal.announce("d-2", policy: Policy(require: ["till"]))
        for id in ["d-1", "d-2"] {
            #expect(rehearsal.state("till", id) == nil)
            #expect(rehearsal.state("shop/till", id) == .asked)
        }
    }

    @Test func `for UNIT and NAME caps it where NAME was waited for`() {
        let required = rule("till") { $0.isRequired = true }
        let capped = rule("shop/*") { $0.maxTotalDefer = .seconds(30) }
        let rehearsal = rehearsal(required, capped)
        rehearsal.announce()
        rehearsal.subscribe("shop/till")
        #expect(rehearsal.participant("shop/till")?.remaining == .seconds(30))
    }
}
