// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

/// While a process coordinates an update, its own components are not asked.
@Suite("The process of a coordinator that has left") struct FormerCoordinatorTests {
    @Test func `is asked when it subscribes, or another one with its number`() {
        let harness = attachedTwice()
        harness.leave("nucleus")
        harness.skip()
        harness.subscribe("app", process: 43)
        #expect(harness.read() == "0 s  app ← notice d-1 round 1, respond by 60 s")
    }

    @Test func `is asked at once where it was subscribed, and another coordinator stays`() {
        let harness = NegotiationHarness()
        harness.subscribe("app", process: 43)
        announceTwice(harness)
        #expect(harness.state("app") == nil)
        harness.leave("nucleus")
        #expect(harness.read().hasSuffix("0 s  app ← notice d-1 round 1, respond by 60 s"))
    }

    @Test func `is not asked while it may be back, and none else coordinates`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm")
        harness.announce(process: 43)
        harness.leave("nucleus")
        harness.subscribe("app", process: 43)
        #expect(harness.state("app") == nil)
        harness.announce(by: "nucleus#2", process: 44)
        #expect(harness.state("app") == .asked)
    }

    @Test func `is not asked when it is back before its coordinator after a death of the broker`() {
        let harness = attachedTwice()
        harness.restart()
        harness.subscribe("app", process: 43)
        harness.subscribe("lamp", process: 44)
        harness.announce(by: "nucleus#3", process: 43)
        #expect(harness.state("app") == nil)
        #expect(harness.state("lamp") == .asked)
        harness.announce(by: "nucleus#4", process: 44)
        #expect(harness.state("lamp") == .acknowledged)
    }

    private func attachedTwice() -> NegotiationHarness {
        let harness = NegotiationHarness()
        announceTwice(harness)
        return harness
    }

    private func announceTwice(_ harness: NegotiationHarness) {
        harness.subscribe("arm")
        harness.announce(process: 43)
        harness.announce(by: "nucleus#2", process: 44)
    }
}
