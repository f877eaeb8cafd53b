// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

/// Processes that bear one name: each has a say of its own.
@Suite("Processes of one name") struct ProcessTests {
    @Test func `each have to acknowledge`() {
        let harness = announced()
        harness.answer("app#2")
        #expect(harness.state("app") == .asked)
        harness.answer("app#2")
        #expect(harness.isWaiting())
        harness.answer("app")
        #expect(
            harness.read() == """
                0 s  app#2 ← granted 0 s, 12 h left
                0 s  app#2 ← granted 0 s, 12 h left
                0 s  app ← granted 0 s, 12 h left
                0 s  nucleus ← released d-1 on consent after 0 s
                """
        )
    }

    @Test func `are named while they hold it back`() {
        let harness = announced()
        #expect(harness.participant("app")?.processes == [10, 20])
        harness.answer("app", .seconds(5))
        #expect(harness.participant("app")?.processes == [10, 20])
        let changes = harness.statusChanges
        harness.answer("app#2")
        #expect(harness.participant("app")?.processes == [10])
        #expect(harness.statusChanges == changes + 1)
    }

    @Test func `are one voice each, over however many connections`() {
        let harness = NegotiationHarness()
        harness.subscribe("app", "app#2", process: 10)
        harness.subscribe("app#3", process: 20)
        harness.announce()
        harness.answer("app#2")
        #expect(harness.isWaiting())
        harness.answer("app#3")
        #expect(!harness.isWaiting())
    }

    @Test func `hold an update back after another's consent`() {
        let harness = announced()
        harness.answer("app#2")
        harness.answer("app", .seconds(5))
        #expect(harness.state("app") == .deferred)
        harness.answer("app#2")
        #expect(harness.state("app") == .deferred)
        harness.answer("app")
        #expect(!harness.isWaiting())
    }

    @Test func `count no more when their time is over, if another has acknowledged`() {
        let harness = announced()
        harness.answer("app#2")
        harness.wait(.seconds(60))
        #expect(harness.read().hasSuffix("60 s  nucleus ← released d-1 on consent after 60 s"))
    }

    @Test func `are silent together where none has acknowledged`() {
        let harness = announced()
        harness.wait(.seconds(60))
        #expect(harness.read() == "60 s  nucleus ← released d-1 on silence after 60 s, silent app")
    }

    @Test func `count no more when they have hung up`() {
        let harness = announced()
        harness.answer("app#2")
        harness.hangUp("app")
        #expect(!harness.isWaiting())
    }

    @Test func `keep their time when a deferral of another is lifted`() {
        let harness = announced()
        harness.wait(.seconds(10))
        harness.answer("app#2", .seconds(600))
        harness.wait(.seconds(20))
        harness.answer("app#2")
        #expect(harness.state("app") == .asked)
        #expect(harness.participant("app")?.until == .seconds(30))
        harness.answer("app")
        #expect(!harness.isWaiting())
    }

    @Test func `count no more when a deferral of another is lifted after their time`() {
        let harness = announced()
        harness.answer("app", .seconds(600))
        harness.wait(.seconds(100))
        harness.answer("app")
        #expect(!harness.isWaiting())
    }

    @Test func `are silent where those that had acknowledged have left`() {
        let harness = announcedBesideArm()
        harness.answer("app")
        harness.wait(.seconds(60))
        #expect(harness.state("app") == .acknowledged)
        harness.hangUp("app")
        #expect(harness.state("app") == .silent)
        harness.subscribe("app#3", process: 30)
        #expect(harness.state("app") == .silent)
        #expect(harness.lastNotice("app#3")?.round == 1)
    }

    @Test func `stay silent whatever the one says that had acknowledged and has left`() {
        let harness = announcedBesideArm()
        harness.subscribe("app#3", process: 30)
        harness.answer("app#3")
        harness.wait(.seconds(60))
        harness.unsubscribe("app#3")
        harness.answer("app#3")
        #expect(harness.state("app") == .silent)
    }

    @Test func `stay silent where one without a subscription acknowledges beside one that had`() {
        let harness = NegotiationHarness(vetoes: "arm")
        harness.subscribe("app", process: 10)
        harness.announce(policy: Policy(responseTimeout: .zero))
        harness.answer("app")
        harness.subscribe("app#2", process: 20)
        harness.answer("app#3")
        #expect(harness.state("app") == .silent)
        harness.answer("app")
        #expect(harness.state("app") == .acknowledged)
    }

    @Test func `stay silent when one without a subscription lifts its own deferral`() {
        let harness = announcedBesideArm()
        harness.wait(.seconds(60))
        harness.answer("app#3", .seconds(60))
        #expect(harness.state("app") == .deferred)
        harness.answer("app#3")
        #expect(harness.state("app") == .silent)
    }

    @Test func `stay silent when one without a subscription acknowledges`() {
        let harness = announcedBesideArm()
        harness.wait(.seconds(60))
        harness.answer("app#3")
        #expect(harness.state("app") == .silent)
        harness.answer("app")
        #expect(harness.state("app") == .acknowledged)
    }

    @Test func `are asked again where their own deferral ran out in that of another`() {
        let harness = announced()
        harness.answer("app", .seconds(5))
        harness.answer("app#2", .seconds(600))
        harness.wait(.seconds(100))
        harness.skip()
        harness.answer("app#2")
        #expect(
            harness.read() == """
                100 s  app#2 ← granted 0 s, 43100 s left
                100 s  app ← notice d-1 round 2, respond by 60 s
                """
        )
    }

    @Test func `are not asked again when a deferral of another has ended`() {
        let harness = announced()
        harness.answer("app#2")
        harness.answer("app", .seconds(5))
        harness.skip()
        harness.wait(.seconds(5))
        #expect(harness.read() == "5 s  app ← notice d-1 round 2, respond by 60 s")
        harness.answer("app")
        #expect(!harness.isWaiting())
    }

    @Test func `are asked where they came in a deferral of another`() {
        let harness = NegotiationHarness()
        harness.subscribe("app", process: 10)
        harness.announce()
        harness.answer("app", .seconds(600))
        harness.wait(.seconds(100))
        harness.subscribe("app#2", process: 20)
        harness.skip()
        harness.answer("app")
        #expect(harness.read().contains("app#2 ← notice d-1 round 2, respond by 60 s"))
        #expect(harness.isWaiting())
    }

    @Test func `are not asked again for one that comes after their consent`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm")
        harness.subscribe("app", process: 10)
        harness.announce()
        harness.answer("app")
        harness.subscribe("app#2", process: 20)
        harness.answer("arm")
        harness.answer("app#2")
        #expect(!harness.isWaiting())
    }

    @Test func `each have to act on a final notice`() {
        let harness = askedFinally()
        #expect(harness.notices["app"]?.last?.final == true)
        harness.answer("app", round: 2)
        #expect(harness.isWaiting())
        harness.answer("app#2")
        #expect(harness.isWaiting())
        harness.answer("app#2", round: 2)
        #expect(!harness.isWaiting())
    }

    @Test func `that act on a final notice and do not are silent`() {
        let harness = askedFinally()
        harness.answer("app", round: 2)
        harness.skip()
        harness.wait(.seconds(60))
        #expect(harness.read() == "60 s  nucleus ← released d-1 on silence after 60 s, silent app")
    }

    @Test func `act anew after one of them took its word back`() {
        let harness = NegotiationHarness()
        harness.subscribe("app", confirm: true, process: 10)
        harness.subscribe("app#2", process: 20)
        harness.announce()
        harness.answer("app", round: 1)
        harness.answer("app#2")
        harness.answer("app", round: 2)
        harness.answer("app#2", .seconds(5))
        #expect(harness.notices["app"]?.last?.final == false)
        harness.answer("app#2")
        #expect(harness.notices["app"]?.last?.final == true)
        #expect(harness.isWaiting())
    }

    @Test func `may agree by what is too old to be relied upon`() {
        let harness = announced()
        harness.answer("app")
        harness.answer("app#2", .seconds(1_000))
        harness.wait(.seconds(500))
        harness.skip()
        harness.answer("app#2")
        #expect(harness.read().contains("app ← notice d-1 round 2, respond by 60 s, final"))
        #expect(harness.isWaiting())
    }

    @Test func `without a subscription speak for nobody else`() {
        let harness = announced()
        harness.wait(.seconds(10))
        harness.answer("app#3")
        harness.answer("app")
        #expect(harness.isWaiting())
    }

    @Test func `do not lift another's deferral after a death of the broker`() {
        let harness = announced()
        harness.answer("app", .seconds(600))
        harness.restart()
        harness.announce()
        harness.subscribe("app#4", process: 20)
        harness.answer("app#4")
        #expect(harness.state("app") == .deferred)
        harness.subscribe("app#5", process: 10)
        harness.answer("app#5")
        harness.answer("app#4")
        #expect(!harness.isWaiting())
    }

    private func askedFinally() -> NegotiationHarness {
        let harness = NegotiationHarness()
        harness.subscribe("app", confirm: true, process: 10)
        harness.subscribe("app#2", confirm: true, process: 20)
        harness.announce()
        harness.answer("app", round: 1)
        harness.answer("app#2", round: 1)
        return harness
    }

    private func announcedBesideArm() -> NegotiationHarness {
        let harness = announced()
        harness.subscribe("arm")
        harness.answer("arm", .seconds(600))
        return harness
    }

    private func announced() -> NegotiationHarness {
        let harness = NegotiationHarness()
        harness.subscribe("app", process: 10)
        harness.subscribe("app#2", process: 20)
        harness.announce()
        harness.skip()
        return harness
    }
}
