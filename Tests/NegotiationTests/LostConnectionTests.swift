// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

@Suite("A connection lost through no fault of the component's") struct LostConnectionTests {
    private func waiting() -> NegotiationHarness {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce()
        harness.skip()
        return harness
    }

    @Test func `shortens no deferral, where a hang-up does`() {
        let (lost, hungUp) = (waiting(), waiting())
        for harness in [lost, hungUp] { harness.answer("camera", .seconds(100)) }
        lost.lose("camera")
        hungUp.hangUp("camera")
        for harness in [lost, hungUp] { harness.wait(.seconds(99)) }
        #expect(lost.blockers() == ["camera"])
        #expect(!hungUp.isWaiting())
        // It has the time to reconnect, then, and no more.
        lost.wait(.seconds(6))
        #expect(!lost.isWaiting())
    }

    @Test func `leaves whoever was asked the rest of its time`() {
        let harness = waiting()
        harness.wait(.seconds(10))
        harness.lose("camera")
        harness.wait(.seconds(20))
        harness.subscribe("camera")
        #expect(harness.lastNotice("camera")?.respondBy == .seconds(30))
    }

    @Test func `prolongs a question once, however often it comes`() {
        let harness = waiting()
        for time in [.seconds(59), .seconds(4), .milliseconds(500)] as [Duration] {
            harness.wait(time)
            harness.lose("camera")
            harness.subscribe("camera")
        }
        harness.skip()
        harness.wait(.milliseconds(500))
        let release = "64 s  nucleus ← released d-1 on silence after 64 s, silent camera"
        #expect(harness.read() == release)
    }

    @Test func `prolongs the next question, too`() {
        let harness = waiting()
        harness.wait(.seconds(59))
        harness.lose("camera")
        harness.subscribe("camera")
        harness.answer("camera", .seconds(10))
        harness.wait(.seconds(69))
        harness.lose("camera")
        harness.wait(.seconds(4))
        #expect(harness.blockers() == ["camera"])
        harness.wait(.seconds(1))
        #expect(!harness.isWaiting())
    }

    @Test func `is a hang-up where another connection of it goes on`() {
        let harness = waiting()
        harness.subscribe("camera#2")
        harness.lose("camera")
        #expect(harness.state("camera") == .asked)
        harness.answer("camera#2")
        #expect(!harness.isWaiting())
    }

    private func waitingForTwo() -> NegotiationHarness {
        let harness = NegotiationHarness()
        harness.subscribe("app", process: 10)
        harness.subscribe("app#2", process: 20)
        harness.announce()
        harness.skip()
        return harness
    }

    @Test func `has its process waited for, beside another one, and no longer than the grace`() {
        let harness = waitingForTwo()
        harness.answer("app#2")
        harness.lose("app")
        harness.wait(.seconds(4))
        #expect(harness.blockers() == ["app"])
        harness.skip()
        harness.wait(.seconds(1))
        #expect(harness.read() == "5 s  nucleus ← released d-1 on consent after 5 s")
    }

    @Test func `has its process asked when it is back`() {
        let harness = waitingForTwo()
        harness.lose("app")
        harness.answer("app#2")
        harness.wait(.seconds(3))
        harness.subscribe("app#3", process: 10)
        #expect(harness.lastNotice("app#3")?.round == 1)
        harness.wait(.seconds(30))
        #expect(harness.blockers() == ["app"])
        harness.answer("app#3")
        #expect(!harness.isWaiting())
    }

    @Test func `has its process asked again that had said yes`() {
        let harness = waitingForTwo()
        harness.answer("app")
        harness.answer("app#2", .seconds(100))
        harness.lose("app")
        harness.subscribe("app#3", process: 10)
        harness.answer("app#2")
        #expect(harness.blockers() == ["app"])
        harness.answer("app#3")
        #expect(!harness.isWaiting())
    }

    @Test func `leaves its process the deferral, which no other process lifts`() {
        let harness = waitingForTwo()
        harness.answer("app", .seconds(100))
        harness.lose("app")
        harness.answer("app#2")
        harness.wait(.seconds(99))
        #expect(harness.state("app") == .deferred)
        harness.subscribe("app#3", process: 10)
        harness.answer("app#3")
        #expect(!harness.isWaiting())
    }

    @Test func `leaves the other process what it has said, also after the grace`() {
        let harness = waitingForTwo()
        harness.answer("app", .seconds(100))
        harness.lose("app")
        harness.wait(.seconds(5))
        harness.answer("app#2")
        harness.subscribe("app#3", process: 10)
        harness.answer("app#3")
        #expect(!harness.isWaiting())
    }

    @Test func `has its process waited for where its deferral ends before the grace`() {
        let harness = waitingForTwo()
        harness.answer("app", .seconds(2))
        harness.answer("app#2")
        harness.lose("app")
        harness.wait(.seconds(4))
        #expect(harness.state("app") == .asked)
        harness.wait(.seconds(1))
        #expect(!harness.isWaiting())
    }

    @Test func `prolongs the question to its process, too`() {
        let harness = waitingForTwo()
        harness.answer("app#2")
        harness.wait(.seconds(59))
        harness.lose("app")
        harness.wait(.seconds(4))
        #expect(harness.blockers() == ["app"])
        harness.wait(.seconds(1))
        #expect(!harness.isWaiting())
    }

    @Test func `of each process leaves each its say`() {
        let harness = waitingForTwo()
        harness.lose("app")
        harness.lose("app#2")
        harness.subscribe("app#3", process: 20)
        harness.answer("app#3")
        #expect(harness.blockers() == ["app"])
        harness.wait(.seconds(5))
        #expect(!harness.isWaiting())
    }

    @Test func `lets a component take part in what is announced before it is back`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.lose("camera")
        harness.wait(.seconds(4))
        harness.announce()
        #expect(harness.blockers() == ["camera"])
        harness.wait(.seconds(1))
        #expect(!harness.isWaiting())
    }

    @Test func `of a component that had said yes changes nothing`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.subscribe("robot")
        harness.announce()
        harness.answer("camera")
        harness.lose("camera")
        harness.answer("robot")
        #expect(harness.read().contains("on consent"))
    }

    @Test func `leaves the question to a veto open, whatever it says without a subscription`() {
        let harness = NegotiationHarness(vetoes: "window")
        harness.subscribe("window")
        harness.announce()
        harness.lose("window")
        harness.answer("window#2")
        harness.wait(.seconds(10))
        harness.subscribe("window#3")
        #expect(harness.lastNotice("window#3")?.respondBy == .seconds(50))
    }
}
