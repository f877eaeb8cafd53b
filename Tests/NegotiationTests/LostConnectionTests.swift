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

    @Test func `is a hang-up where another connection of it goes on`() {
        let harness = waiting()
        harness.subscribe("camera#2")
        harness.lose("camera")
        #expect(harness.state("camera") == .asked)
        harness.answer("camera#2")
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
}
