// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

@Suite("A process that subscribes while its component is deferred") struct DeferralNewcomerTests {
    @Test func `is told of the update at once`() {
        let harness = deferredByAnother()
        harness.subscribe("app#2", process: 20)
        #expect(harness.read() == "100 s  app#2 ← notice d-1 round 1, respond by 60 s")
        #expect(harness.state("app") == .deferred)
        harness.answer("app#2")
        harness.skip()
        harness.answer("app")
        #expect(!harness.read().contains("app#2"))
        #expect(!harness.isWaiting())
    }

    @Test func `holds the update back where it defers, too`() {
        let harness = deferredByAnother()
        harness.subscribe("app#2", process: 20)
        harness.answer("app#2", .seconds(10))
        harness.answer("app")
        #expect(harness.state("app") == .deferred)
        harness.skip()
        harness.answer("app#2")
        #expect(!harness.isWaiting())
    }

    @Test func `is told where the deferral has outlived its connection`() {
        let harness = deferredByAnother()
        harness.subscribe("app#2", process: 20)
        harness.hangUp("app")
        harness.skip()
        harness.subscribe("app#3", process: 30)
        #expect(harness.read() == "100 s  app#3 ← notice d-1 round 1, respond by 60 s")
    }

    @Test func `is told nothing where the deferral is its own`() {
        let harness = deferredByAnother()
        harness.subscribe("app#2", process: 10)
        #expect(harness.read().isEmpty)
    }

    @Test func `is told after a death of the broker, unless the deferral is its own`() {
        let harness = NegotiationHarness()
        harness.subscribe("app", process: 10)
        harness.subscribe("app#2", process: 20)
        harness.announce()
        harness.answer("app", .seconds(600))
        harness.restart()
        harness.announce()
        harness.skip()
        harness.subscribe("app#4", process: 20)
        #expect(harness.read() == "0 s  app#4 ← notice d-1 round 1, respond by 60 s")
        harness.subscribe("app#5", process: 10)
        #expect(harness.read().isEmpty)
    }

    @Test func `is told nothing where it is alone, and the deferral may be its own`() {
        let harness = deferredByAnother()
        harness.hangUp("app")
        harness.subscribe("app#2", process: 20)
        #expect(harness.read().isEmpty)
        #expect(harness.state("app") == .deferred)
    }

    @Test func `is asked nothing once its component is overridden`() {
        let harness = NegotiationHarness()
        harness.subscribe("app", process: 10)
        harness.subscribe("arm")
        harness.announce(policy: Policy(maxTotalDefer: .seconds(100)))
        harness.answer("arm")
        harness.answer("app", .seconds(100))
        harness.wait(.seconds(50))
        harness.answer("arm", .seconds(100))
        harness.wait(.seconds(50))
        harness.skip()
        harness.subscribe("app#2", process: 20)
        #expect(harness.state("app") == .overridden)
        #expect(harness.read().isEmpty)
    }

    private func deferredByAnother() -> NegotiationHarness {
        let harness = NegotiationHarness()
        harness.subscribe("app", process: 10)
        harness.announce()
        harness.answer("app", .seconds(600))
        harness.wait(.seconds(100))
        harness.skip()
        return harness
    }
}
