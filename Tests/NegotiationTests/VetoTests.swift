// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

@Suite("A veto") struct VetoTests {
    private let harness: NegotiationHarness

    init() {
        var rule = ComponentRule(pattern: "window")
        rule.isVeto = true
        rule.maxDefer = .seconds(1)
        var settings = Settings()
        settings.rules = [rule]
        harness = NegotiationHarness(settings: settings)
    }

    @Test func `has no budget, and no most for one answer`() {
        harness.subscribe("window")
        harness.announce(policy: Policy(maxDefer: .seconds(2), maxTotalDefer: .seconds(3)))
        harness.answer("window", .seconds(7_200))
        harness.wait(.seconds(7_199))
        #expect(harness.state("window") == .deferred)
        #expect(harness.participant("window")?.remaining == .seconds(24 * 3_600 - 7_199))
    }

    @Test func `refuses the update at the deadline while it defers`() {
        harness.subscribe("window")
        harness.announce(policy: Policy(deadline: .seconds(100)))
        harness.answer("window", .seconds(1_000))
        harness.skip()
        harness.wait(.seconds(100))
        let refused = "100 s  nucleus ← refused d-1: not agreed to by window at the deadline"
        #expect(harness.read().contains(refused))
    }

    @Test(arguments: [OnSilence.proceed, .refuse])
    func `blocks by its silence, until it answers`(onSilence: OnSilence) {
        harness.subscribe("window")
        harness.announce(policy: Policy(onSilence: onSilence))
        harness.wait(.seconds(3_600))
        #expect(harness.state("window") == .silent)
        #expect(harness.blockers() == ["window"])
        harness.answer("window")
        #expect(!harness.isWaiting())
    }

    @Test func `blocks by its absence, until it comes`() {
        harness.announce()
        harness.wait(.seconds(3_600))
        #expect(harness.blockers() == ["window"])
        harness.subscribe("window")
        harness.answer("window")
        #expect(!harness.isWaiting())
    }

    @Test func `counts only while it is there`() {
        harness.subscribe("window", "camera")
        harness.announce()
        harness.answer("window")
        harness.hangUp("window")
        #expect(harness.state("window") == .away)
        harness.wait(.seconds(5))
        harness.answer("camera")
        #expect(harness.state("window") == .gone)
        #expect(harness.blockers() == ["window"])
        harness.subscribe("window")
        #expect(harness.state("window") == .asked)
    }

    @Test func `is waited for when the broker comes back, though it had agreed`() {
        harness.subscribe("window", "camera")
        harness.announce()
        harness.answer("window")
        harness.restart()
        #expect(harness.state("window") == .away)
        harness.announce()
        harness.wait(.seconds(60))
        #expect(harness.blockers() == ["window"])
    }

    @Test func `is asked finally before the others are`() {
        harness.subscribe("window", "arm", confirm: true)
        harness.announce()
        harness.answer("arm")
        harness.answer("window")
        #expect(harness.blockers() == ["window"])
        harness.skip()
        harness.answer("window", .seconds(30), round: 2)
        #expect(!harness.read().contains("arm"))
        harness.wait(.seconds(30))
        harness.answer("window", round: 4)
        harness.answer("window", round: 5)
        #expect(harness.blockers() == ["arm"])
        harness.answer("arm", round: 2)
        #expect(!harness.isWaiting())
    }

    private func withTwoVetoes() -> NegotiationHarness {
        var settings = harness.negotiation.settings
        var rule = ComponentRule(pattern: "permit")
        rule.isVeto = true
        settings.rules.append(rule)
        let harness = NegotiationHarness(settings: settings)
        harness.subscribe("window", "permit", confirm: true)
        return harness
    }

    @Test func `that is silent in the final asking ends it`() {
        let harness = withTwoVetoes()
        harness.announce()
        harness.answer("window")
        harness.answer("permit")
        harness.answer("permit", round: 2)
        harness.skip()
        harness.wait(.seconds(60))
        #expect(harness.read().contains("permit ← notice d-1 round 3"))
        #expect(harness.state("window") == .silent)
        #expect(harness.state("permit") == .asked)
    }

    @Test func `that returns after its time is silent, and ends the final asking`() {
        let harness = withTwoVetoes()
        harness.announce()
        harness.answer("window")
        harness.answer("permit")
        harness.answer("permit", round: 2)
        harness.wait(.seconds(58))
        harness.hangUp("window")
        harness.wait(.seconds(4))
        harness.skip()
        harness.subscribe("window", confirm: true)
        #expect(harness.state("window") == .silent)
        #expect(harness.read().contains("permit ← notice d-1 round 3"))
        #expect(harness.state("permit") == .asked)
    }

    @Test func `of processes of which the one leaves that agreed ends the final asking`() {
        let harness = NegotiationHarness(vetoes: "window")
        harness.subscribe("window", confirm: true, process: 10)
        harness.subscribe("window#2", process: 20)
        harness.subscribe("arm", confirm: true)
        harness.announce()
        for label in ["window", "window#2", "arm"] { harness.answer(label) }
        harness.answer("window", round: 2)
        harness.wait(.seconds(60))
        #expect(harness.lastNotice("arm")?.final == true)
        harness.skip()
        harness.hangUp("window")
        #expect(harness.state("window") == .silent)
        #expect(harness.read() == "60 s  arm ← notice d-1 round 3, respond by 60 s")
    }

    @Test func `of processes that answers too late in part ends the final asking`() {
        let harness = withTwoVetoes()
        harness.subscribe("window#2", confirm: true, process: 20)
        harness.announce()
        for label in ["window", "window#2", "permit"] { harness.answer(label) }
        harness.answer("permit", round: 2)
        harness.waitUntilJustBeforeTimers(.seconds(60))
        harness.skip()
        harness.answer("window", round: 2)
        #expect(harness.state("window") == .silent)
        #expect(harness.read().contains("permit ← notice d-1 round 3"))
    }

    @Test func `of which each waits for the other leaves the update refused`() {
        let harness = withTwoVetoes()
        harness.announce(policy: Policy(deadline: .seconds(1_000)))
        harness.answer("window")
        harness.answer("permit")
        harness.wait(.seconds(1_000))
        #expect(harness.read().contains("refused d-1: not agreed to by permit, window"))
    }

    @Test func `can agree finally at the last call, though another component blocks`() {
        harness.subscribe("window", confirm: true)
        harness.subscribe("camera")
        harness.announce(policy: Policy(deadline: .seconds(1_000)))
        harness.answer("window")
        harness.answer("camera", .seconds(1_000))
        harness.skip()
        harness.wait(.seconds(940))
        #expect(harness.read().contains("940 s  window ← last call d-1 round 2"))
        harness.answer("window", round: 2)
        harness.wait(.seconds(60))
        #expect(harness.read().contains("released d-1 on deadline"))
    }

    @Test func `that has only said it could refuses the update at the deadline`() {
        harness.subscribe("window", confirm: true)
        harness.subscribe("camera")
        harness.announce(policy: Policy(deadline: .seconds(1_000)))
        harness.answer("window", round: 1)
        harness.answer("camera", .seconds(1_000))
        harness.wait(.seconds(1_000))
        #expect(harness.read().contains("refused d-1: not agreed to by window"))
    }

    @Test func `is overruled by force`() {
        harness.subscribe("window")
        harness.announce()
        harness.answer("window", .seconds(1_000))
        harness.force()
        #expect(harness.read().contains("released d-1 on forced after 0 s, overridden window"))
    }

    @Test func `is a component like any other to a shutdown`() {
        harness.subscribe("window")
        harness.announce(policy: Policy(deadline: .seconds(5))) { $0.isShutdown = true }
        harness.answer("window", .seconds(1_000))
        harness.wait(.seconds(5))
        #expect(harness.read().contains("released d-1 on deadline"))
    }

    @Test func `is not waited for by a shutdown while it is absent`() {
        harness.announce { $0.isShutdown = true }
        #expect(harness.read().contains("released d-1 on consent"))
    }
}

@Suite("An update with onDeadline refuse") struct OnDeadlineTests {
    private let harness = NegotiationHarness()
    private let policy = Policy(deadline: .seconds(100), onDeadline: .refuse)

    @Test func `is refused by whoever blocks at the deadline`() {
        harness.subscribe("camera", "arm")
        harness.announce(policy: policy)
        harness.answer("camera", .seconds(1_000))
        harness.answer("arm")
        harness.wait(.seconds(100))
        #expect(harness.read().contains("refused d-1: not agreed to by camera at the deadline"))
    }

    @Test func `is refused also where its coordinator comes back after the deadline`() {
        harness.subscribe("camera")
        harness.announce(policy: policy)
        harness.answer("camera", .seconds(1_000))
        harness.wait(.seconds(97))
        harness.leave()
        harness.wait(.seconds(4))
        harness.answer("camera")
        #expect(harness.isWaiting())
        harness.announce(policy: policy)
        #expect(harness.read().contains("refused d-1: not agreed to by camera at the deadline"))
    }

    @Test func `opens on silence, which is no deferral`() {
        harness.subscribe("camera")
        harness.announce(policy: policy)
        harness.wait(.seconds(60))
        #expect(harness.read().contains("released d-1 on silence"))
    }
}
