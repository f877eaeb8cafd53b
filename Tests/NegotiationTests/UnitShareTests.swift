// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

/// What the components of one unit share: a process in it can claim any number of names.
@Suite("The components of a unit") struct UnitShareTests {
    private func subscription(_ name: String, peer: UInt64) -> Subscription {
        Subscription(stream: StreamID(PeerID(peer), 1), component: name)
    }

    @Test func `share the time for which they may block: a new name has what is left`() {
        let harness = NegotiationHarness()
        harness.subscribe("till/one", "till/two", "bar/one", "arm")
        harness.announce(policy: Policy(maxTotalDefer: .seconds(100)))
        for name in ["till/two", "bar/one", "arm"] { harness.answer(name) }
        harness.answer("till/one", .seconds(60))
        harness.wait(.seconds(60))
        harness.subscribe("till/three", "bar/three", "lone")
        #expect(harness.participant("till/three")?.blocked == .seconds(60))
        #expect(harness.participant("bar/three")?.blocked == .zero)
        #expect(harness.participant("lone")?.blocked == .zero)
    }

    @Test func `that have used up what they share come too late for the update`() {
        let harness = NegotiationHarness()
        harness.subscribe("till/one", "arm")
        harness.announce(policy: Policy(maxTotalDefer: .seconds(40)))
        harness.wait(.seconds(20))
        harness.subscribe("door")
        #expect(harness.underway("till/two").isEmpty)
        harness.wait(.seconds(20))
        #expect(harness.underway("till/two") == ["d-1"])
        #expect(harness.underway("bar/two").isEmpty)
    }

    @Test func `take part in limited number, as long as an update waits`() {
        var settings = Settings()
        settings.maximumComponentsOfUnit = 2
        let harness = NegotiationHarness(settings: settings)
        harness.subscribe("arm", "till/one")
        harness.announce()
        harness.subscribe("till/two")
        harness.hangUp("till/two")
        let third = harness.negotiation.whyTooMany(subscription("till/three", peer: 90))
        #expect(third == .tooManyComponents(2, of: "till"))
        #expect(harness.negotiation.whyTooMany(subscription("till/two", peer: 91)) == nil)
        #expect(harness.negotiation.whyTooMany(subscription("tillage/one", peer: 92)) == nil)
        #expect(harness.negotiation.whyTooMany(subscription("lone", peer: 93)) == nil)
    }

    @Test func `have so many subscriptions each, and so many together`() {
        var settings = Settings()
        settings.maximumSubscriptions = 3
        settings.maximumSubscriptionsOfUnit = 4
        var negotiation = Negotiation(settings: settings)
        func subscribe(_ peer: UInt64, _ number: Int32, _ name: String = "arm") -> Refusal? {
            let stream = StreamID(PeerID(peer), number)
            let subscription = Subscription(stream: stream, component: name)
            if let refusal = negotiation.whyTooMany(subscription) { return refusal }
            _ = negotiation.handle(.subscribed(subscription), at: Instant(sinceBoot: .zero))
            return nil
        }
        #expect(subscribe(1, 1) == nil && subscribe(1, 2) == nil)
        #expect(subscribe(2, 1) == nil)
        #expect(subscribe(3, 1) == .tooManySubscriptions(3, of: "arm"))
        for number: Int32 in 1...3 { #expect(subscribe(4, number, "till/one") == nil) }
        #expect(subscribe(5, 1, "till/two") == nil)
        #expect(subscribe(5, 2, "till/two") == .tooManySubscriptions(4, of: "till"))
        #expect(subscribe(6, 1, "till/three") == .tooManySubscriptions(4, of: "till"))
        #expect(subscribe(7, 1, "lamp/one") == nil)
    }

    @Test func `are owed posts in limited number, and what is over makes room`() {
        var settings = Settings()
        settings.maximumOwedComponentsOfUnit = 1
        settings.maximumOwedComponents = 3
        settings.completionLimit = .seconds(100)
        let harness = NegotiationHarness(settings: settings)
        func leaveOwing(_ names: String..., in id: String) {
            for name in names { harness.subscribe(name) }
            harness.announce(id)
            for name in names { harness.hangUp(name) }
            harness.wait(.seconds(5))
            harness.complete(id)
        }
        leaveOwing("till/one", "till/two", "arm", in: "d-1")
        #expect(harness.negotiation.owed.map(\.component) == ["arm", "till/one"])
        harness.wait(.seconds(100))
        leaveOwing("till/three", "camera", "lamp", in: "d-2")
        #expect(harness.negotiation.owed.map(\.component) == ["camera", "lamp", "till/three"])
    }
}
