// SPDX-License-Identifier: Apache-2.0

import BrokerStage
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

/// What `systemctl status` shows.
@Suite struct `The status line` {
    private var stage = Stage()

    private mutating func announce(_ id: String = "d", _ policy: PolicyShape = PolicyShape()) {
        let coordinator = stage.operatorAtControl()
        var request = GateRequest(deploymentID: id)
        request.policy = policy
        stage.ask(coordinator, .gateUpdate, request)
    }

    @Test mutating func `says that nothing waits, and wakes nobody`() {
        _ = stage.component("com.example.Camera")
        #expect(stage.status == "no update is waiting")
        // What has to happen soon is over: the handshake of the component is not.
        stage.pass(.seconds(60))
        #expect(stage.nextDeadline == nil)
    }

    @Test mutating func `names who is waited for, and how much longer`() {
        let camera = stage.component("com.example.Camera")
        stage.pass(.seconds(2))
        announce()
        #expect(stage.status == "waiting for com.example.Camera, 60 s left")
        stage.pass(.seconds(2))
        stage.answer(camera, "d", 12_000)
        #expect(stage.status == "waiting for com.example.Camera, 12 s left")
    }

    @Test mutating func `tells that time goes by, after a tenth of it and at least five seconds`() {
        let camera = stage.component("com.example.Camera")
        stage.pass(.seconds(2))
        announce()
        stage.pass(.seconds(2))
        stage.answer(camera, "d", 700_000)
        #expect(stage.status == "waiting for com.example.Camera, 11 min left")
        #expect(stage.nextDeadline.map { $0 - stage.now } == .seconds(70))
        stage.pass(.seconds(70))
        #expect(stage.status == "waiting for com.example.Camera, 10 min left")
        stage.pass(.seconds(1))
        stage.answer(camera, "d", 20_000)
        #expect(stage.status == "waiting for com.example.Camera, 20 s left")
        #expect(stage.nextDeadline.map { $0 - stage.now } == .seconds(5))
        stage.pass(.seconds(5))
        #expect(stage.status == "waiting for com.example.Camera, 15 s left")
    }

    @Test mutating func `is said at most once a second, and then as things are`() {
        let camera = stage.component("com.example.Camera")
        stage.pass(.seconds(2))
        announce()
        stage.answer(camera, "d", 30_000)
        stage.answer(camera, "d", 20_000)
        #expect(stage.status == "waiting for com.example.Camera, 60 s left")
        stage.pass(.seconds(1))
        #expect(stage.status == "waiting for com.example.Camera, 19 s left")
    }

    @Test mutating func `is not said again while it stays the same`() {
        let camera = stage.component("com.example.Camera")
        announce()
        for _ in 0..<3 {
            stage.pass(.seconds(2))
            stage.answer(camera, "d", 1_200_000)
        }
        #expect(stage.statuses.count { $0 == "waiting for com.example.Camera, 20 min left" } == 1)
    }

    @Test mutating func `names first who defers, then whoever takes longest`() {
        let camera = stage.component("com.example.Camera")
        _ = stage.component("com.example.Robot")
        _ = stage.component("com.example.Arm")
        stage.pass(.seconds(2))
        announce()
        stage.pass(.seconds(2))
        #expect(stage.status == "waiting for com.example.Arm and 2 more, 60 s left")
        stage.answer(camera, "d", 7_000)
        #expect(stage.status == "waiting for com.example.Camera and 2 more, 7 s left")
    }

    @Test mutating func `counts updates, and a component of both once`() {
        _ = stage.component("com.example.Camera")
        stage.pass(.seconds(2))
        announce("d")
        announce("e")
        stage.pass(.seconds(2))
        #expect(stage.status == "2 updates wait for com.example.Camera, 59 s left")
    }

    @Test mutating func `tells of what is released, and when it is over`() {
        let coordinator = stage.operatorAtControl()
        stage.ask(coordinator, .gateUpdate, GateRequest(deploymentID: "d"))
        stage.pass(.seconds(2))
        #expect(stage.status == #"update "d" is released and not yet completed"#)
        let outcome = CompleteRequest(deploymentID: "d", outcome: .applied, message: nil)
        stage.ask(coordinator, .completeUpdate, outcome)
        #expect(stage.status == "no update is waiting")
    }

    @Test mutating func `tells who is missing once nobody blocks`() {
        let camera = stage.component("com.example.Camera")
        let coordinator = stage.operatorAtControl()
        stage.ask(coordinator, .gateUpdate, GateRequest(deploymentID: "d"))
        stage.hangUp(coordinator)
        stage.answer(camera, "d", 0)
        stage.pass(.seconds(2))
        #expect(stage.status == "waiting for a coordinator to return")
    }

    @Test mutating func `is found anew after a crash`() {
        let camera = stage.component("com.example.Camera")
        announce()
        stage.answer(camera, "d", 600_000)
        stage.restart()
        _ = stage.operatorAtControl()
        #expect(stage.status == "waiting for com.example.Camera, 10 min left")
    }
}
