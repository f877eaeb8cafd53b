// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

/// After a death of the broker, with no connection that outlived it.
@Suite("Processes of one name that come back") struct ReturningProcessTests {
    private let grace = Settings().reconnectGrace

    @Test func `are all waited for, whichever is first`() {
        let harness = announced()
        restart(harness)
        harness.subscribe("app#3", process: 20)
        harness.answer("app#3")
        #expect(harness.state("app") == .asked)
        harness.subscribe("app#4", process: 10)
        harness.answer("app#4")
        #expect(!harness.isWaiting())
    }

    @Test func `are waited for within the grace`() {
        let harness = announced(policy: Policy(responseTimeout: .seconds(3)))
        restart(harness)
        harness.subscribe("app#3", process: 20)
        #expect(harness.lastNotice("app#3")?.respondBy == grace)
        harness.answer("app#3")
        harness.skip()
        harness.wait(grace)
        #expect(harness.read() == "5 s  nucleus ← released d-1 on consent after 5 s")
    }

    @Test func `are waited for by an update that is announced meanwhile`() {
        let harness = NegotiationHarness()
        harness.subscribe("app", process: 10)
        harness.subscribe("app#2", process: 20)
        harness.restart()
        harness.announce()
        harness.subscribe("app#3", process: 20)
        harness.announce("d-2", by: "nucleus#2") { $0.isExclusive = false }
        for id in ["d-1", "d-2"] {
            harness.answer("app#3", to: id)
            #expect(harness.state("app", id) == .asked)
        }
        harness.subscribe("app#4", process: 10)
        for id in ["d-1", "d-2"] {
            harness.answer("app#4", to: id)
            #expect(!harness.isWaiting(id))
        }
    }

    @Test func `are not waited for where they had acknowledged`() {
        let harness = announced(beside: "arm")
        harness.answer("app")
        harness.answer("app#2")
        restart(harness)
        harness.subscribe("app#3", process: 20)
        harness.answer("app#3")
        #expect(harness.state("app") == .acknowledged)
    }

    @Test func `are waited for where one of them lifts its deferral`() {
        let harness = announced()
        harness.answer("app", .seconds(600))
        harness.wait(.seconds(60))
        restart(harness)
        harness.subscribe("app#3", process: 10)
        harness.answer("app#3")
        #expect(harness.state("app") == .asked)
        harness.wait(grace)
        #expect(!harness.isWaiting())
    }

    @Test func `do not agree by one that speaks before it subscribes`() {
        let harness = announced()
        restart(harness)
        harness.answer("app#3")
        #expect(harness.state("app") == .asked)
        harness.wait(.seconds(60))
        #expect(!harness.isWaiting())
    }

    @Test func `are waited for after a second death`() {
        let harness = announced()
        restart(harness)
        harness.subscribe("app#3", process: 20)
        harness.wait(.seconds(4))
        restart(harness)
        harness.subscribe("app#4", process: 20)
        harness.answer("app#4")
        harness.wait(.seconds(4))
        #expect(harness.state("app") == .asked)
        harness.wait(.seconds(1))
        #expect(!harness.isWaiting())
    }

    @Test func `are not there twice when one comes twice`() {
        let harness = announced()
        restart(harness)
        harness.subscribe("app#3", process: 20)
        harness.answer("app#3")
        harness.hangUp("app#3")
        harness.subscribe("app#4", process: 20)
        harness.answer("app#4")
        #expect(harness.isWaiting())
    }

    @Test func `have their grace while the device is awake`() {
        let harness = announced()
        restart(harness)
        harness.subscribe("app#3", process: 20)
        harness.answer("app#3")
        harness.suspend(.seconds(10))
        #expect(harness.state("app") == .asked)
        harness.wait(grace)
        #expect(!harness.isWaiting())
    }

    @Test func `have their grace also when those that are back are asked anew`() {
        let harness = announced(policy: Policy(responseTimeout: .seconds(3)))
        restart(harness)
        harness.subscribe("app#3", process: 20)
        harness.answer("app#3", .seconds(1))
        harness.wait(.seconds(1))
        harness.answer("app#3")
        harness.wait(.milliseconds(3_500))
        #expect(harness.state("app") == .asked)
        harness.wait(.milliseconds(500))
        #expect(!harness.isWaiting())
    }

    /// The broker dies, and the coordinator is back at once.
    private func restart(_ harness: NegotiationHarness) {
        harness.restart()
        let policy = harness.status()?.request.policy ?? Policy()
        harness.announce(policy: policy)
    }

    private func announced(
        policy: Policy = Policy(),
        beside other: String? = nil
    ) -> NegotiationHarness {
        let harness = NegotiationHarness()
        harness.subscribe("app", process: 10)
        harness.subscribe("app#2", process: 20)
        if let other { harness.subscribe(other) }
        harness.announce(policy: policy)
        if let other { harness.answer(other, .seconds(600)) }
        return harness
    }
}
