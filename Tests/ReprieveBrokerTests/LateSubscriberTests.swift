// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

@Suite("Who comes after the gate has opened") struct LateSubscriberTests {
    private var harness = BrokerHarness()

    /// A component that asks what it comes too late for, and what it is answered.
    private mutating func latecomer(
        _ name: String = "com.example.Camera",
        asking: Bool = true
    ) -> (peer: PeerID, stream: Int32, underway: [String]?) {
        let peer = harness.connect(name, at: .components)
        let request = SubscribeRequest(underway: asking)
        let stream = harness.ask(peer, .subscribeToComponentUpdates, request)
        let answers = harness.heard(by: peer).lazy.compactMap {
            $0.response(as: SubscribeResponse.self)
        }
        return (peer, stream, answers.first?.underway)
    }

    private mutating func complete(_ id: String = "d-1", by coordinator: PeerID) {
        harness.ask(
            coordinator,
            .completeUpdate,
            CompleteRequest(deploymentID: id, outcome: .applied)
        )
    }

    private mutating func posts(to peer: PeerID) -> [String] {
        harness.heard(by: peer).compactMap { $0.post?.deploymentID }
    }

    @Test mutating func `hears what is under way, and of its end`() {
        let coordinator = harness.announce()
        let late = latecomer()
        #expect(late.underway == ["d-1"])
        complete(by: coordinator)
        #expect(posts(to: late.peer) == ["d-1"])
    }

    @Test mutating func `hears nothing if it does not ask`() {
        let coordinator = harness.announce()
        let late = latecomer(asking: false)
        #expect(late.underway == [])
        complete(by: coordinator)
        #expect(posts(to: late.peer) == [])
    }

    @Test mutating func `hears nothing of updates that wait, that are over, or of others`() {
        _ = harness.component("com.example.Robot")
        _ = harness.announce("waits")
        _ = harness.announce("others") { $0.components = ["com.example.Till"] }
        let coordinator = harness.announce("over") { $0.components = ["com.example.Camera"] }
        complete("over", by: coordinator)
        _ = harness.announce("skipped") { $0.policy.action = .skip }
        #expect(latecomer().underway == [])
    }

    @Test mutating func `who was asked and came back hears of the end once`() {
        let camera = harness.component("com.example.Camera")
        let coordinator = harness.announce()
        harness.answer(camera, "d-1", 0)
        harness.hangUp(camera)
        let late = latecomer()
        #expect(late.underway == ["d-1"])
        complete(by: coordinator)
        #expect(posts(to: late.peer) == ["d-1"])
    }

    @Test mutating func `whose deferral was cut came too late, though the update waits`() {
        let camera = harness.component("com.example.Camera")
        let robot = harness.component("com.example.Robot")
        let coordinator = harness.announce { $0.policy.maxTotalDeferMs = 1_000 }
        harness.answer(camera, "d-1", 60_000)
        harness.answer(robot, "d-1", 0)
        harness.pass(.milliseconds(900))
        // Asked anew, it has its own second.
        _ = harness.component("com.example.Robot")
        harness.pass(.milliseconds(500))
        let late = latecomer()
        #expect(late.underway == ["d-1"])
        let reason = ReasonedRequest(deploymentID: "d-1", reason: "no longer wanted")
        harness.ask(coordinator, .cancelUpdate, reason)
        #expect(posts(to: late.peer) == ["d-1"])
    }

    @Test mutating func `a subscription that has ended is told nothing`() {
        let coordinator = harness.announce()
        let late = latecomer()
        harness.close(late.peer, late.stream)
        complete(by: coordinator)
        #expect(posts(to: late.peer) == [])
    }

    @Test mutating func `more than a frame has room for is cut`() throws {
        for number in 0..<60 {
            let id = "\(number)" + String(repeating: "x", count: 250)
            var request = GateRequest(deploymentID: id)
            request.exclusive = false
            harness.ask(harness.operatorAtControl(), .gateUpdate, request)
        }
        let underway = try #require(latecomer().underway)
        #expect(underway.count > 10)
        #expect(underway.count < 60)
        #expect(SubscribeResponse(underway: underway).encoded().count < Limits.componentFrame)
    }
}
