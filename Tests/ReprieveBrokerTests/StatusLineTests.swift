// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

/// What `systemctl status` shows.
@Suite("The status line") struct StatusLineTests {
    private var harness = BrokerHarness()

    private mutating func announce(_ id: String = "d", _ policy: PolicyShape = PolicyShape()) {
        _ = harness.announce(id) { $0.policy = policy }
    }

    @Test mutating func `says that nothing waits, and wakes nobody`() {
        _ = harness.component("com.example.Camera")
        #expect(harness.status == "no update is waiting")
        // What has to happen soon is over: the handshake of the component is not.
        harness.pass(.seconds(60))
        #expect(harness.nextDeadline == nil)
    }

    @Test mutating func `names who is waited for, and how much longer`() {
        let camera = harness.component("com.example.Camera")
        harness.pass(.seconds(2))
        announce()
        #expect(harness.status == "waiting for com.example.Camera, 60 s left")
        harness.pass(.seconds(2))
        harness.answer(camera, "d", 12_000)
        #expect(harness.status == "waiting for com.example.Camera, 12 s left")
    }

    @Test mutating func `names no more time than the budget and the deadline leave`() {
        _ = harness.component("com.example.Camera")
        harness.pass(.seconds(2))
        var policy = PolicyShape()
        policy.maxTotalDeferMs = 20_000
        announce("d", policy)
        #expect(harness.status == "waiting for com.example.Camera, 20 s left")
        harness.pass(.seconds(30))
        policy = PolicyShape()
        policy.deadlineMs = 10_000
        announce("e", policy)
        #expect(harness.status == "waiting for com.example.Camera, 10 s left")
    }

    @Test mutating func `tells that time goes by, after a tenth of it and at least five seconds`() {
        let camera = harness.component("com.example.Camera")
        harness.pass(.seconds(2))
        announce()
        harness.pass(.seconds(2))
        harness.answer(camera, "d", 700_000)
        #expect(harness.status == "waiting for com.example.Camera, 12 min left")
        #expect(harness.nextDeadline.map { $0 - harness.now } == .seconds(70))
        harness.pass(.seconds(70))
        #expect(harness.status == "waiting for com.example.Camera, 11 min left")
        harness.pass(.seconds(1))
        harness.answer(camera, "d", 20_000)
        #expect(harness.status == "waiting for com.example.Camera, 20 s left")
        #expect(harness.nextDeadline.map { $0 - harness.now } == .seconds(5))
        harness.pass(.seconds(5))
        #expect(harness.status == "waiting for com.example.Camera, 15 s left")
    }

    @Test mutating func `is said at most once a second, and then as things are`() {
        let camera = harness.component("com.example.Camera")
        harness.pass(.seconds(2))
        announce()
        harness.answer(camera, "d", 30_000)
        harness.answer(camera, "d", 20_000)
        #expect(harness.status == "waiting for com.example.Camera, 60 s left")
        harness.pass(.seconds(1))
        #expect(harness.status == "waiting for com.example.Camera, 19 s left")
    }

    @Test mutating func `is not said again while it stays the same`() {
        let camera = harness.component("com.example.Camera")
        announce()
        for _ in 0..<3 {
            harness.pass(.seconds(2))
            harness.answer(camera, "d", 1_200_000)
        }
        #expect(harness.statuses.count { $0 == "waiting for com.example.Camera, 20 min left" } == 1)
    }

    @Test mutating func `names first who defers, then whoever takes longest`() {
        let camera = harness.component("com.example.Camera")
        _ = harness.component("com.example.Robot")
        _ = harness.component("com.example.Arm")
        harness.pass(.seconds(2))
        announce()
        harness.pass(.seconds(2))
        #expect(harness.status == "waiting for com.example.Arm and 2 more, 60 s left")
        harness.answer(camera, "d", 7_000)
        #expect(harness.status == "waiting for com.example.Camera and 2 more, 7 s left")
    }

    @Test mutating func `counts updates, and a component of both once`() {
        _ = harness.component("com.example.Camera")
        harness.pass(.seconds(2))
        announce("d")
        announce("e")
        harness.pass(.seconds(2))
        #expect(harness.status == "2 updates wait for com.example.Camera, 59 s left")
    }

    @Test mutating func `tells of what is released, and when it is over`() {
        let coordinator = harness.operatorAtControl()
        harness.ask(coordinator, .gateUpdate, GateRequest(deploymentID: "d"))
        harness.pass(.seconds(2))
        #expect(harness.status == #"update "d" is released and not yet completed"#)
        let outcome = CompleteRequest(deploymentID: "d", outcome: .applied, message: nil)
        harness.ask(coordinator, .completeUpdate, outcome)
        #expect(harness.status == "no update is waiting")
    }

    @Test mutating func `tells who is missing once nobody blocks`() {
        let camera = harness.component("com.example.Camera")
        let coordinator = harness.operatorAtControl()
        harness.ask(coordinator, .gateUpdate, GateRequest(deploymentID: "d"))
        harness.hangUp(coordinator)
        harness.answer(camera, "d", 0)
        harness.pass(.seconds(2))
        #expect(harness.status == "waiting for a coordinator to return")
    }

    @Test mutating func `is found anew after a crash`() {
        let camera = harness.component("com.example.Camera")
        announce()
        harness.answer(camera, "d", 600_000)
        harness.restart()
        _ = harness.operatorAtControl()
        #expect(harness.status == "waiting for com.example.Camera, 10 min left")
    }
}
