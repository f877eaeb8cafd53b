// SPDX-License-Identifier: Apache-2.0

import BrokerStage
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

@Suite struct `Bad input disturbs nobody else` {
    private var stage = Stage()
    private let robot: PeerID
    private let coordinator: PeerID

    init() {
        robot = stage.component("com.example.Robot")
        coordinator = stage.operatorAtControl()
        stage.ask(coordinator, .gateUpdate, GateRequest(deploymentID: "d-1"))
        _ = stage.heard(by: robot)
        _ = stage.heard(by: coordinator)
    }

    /// The robot answers and the gate opens, whatever the others did.
    private mutating func expectUndisturbed() {
        stage.answer(robot, "d-1", 0)
        #expect(stage.heard(by: robot).first?.response(as: DeferResponse.self) != nil)
        #expect(stage.heard(by: coordinator).contains { $0.gate?.isLast == true })
    }

    @Test(arguments: [
        "", "{", "[]", "null", #"{"deploymentId":"d-1"}"#,
        #"{"deploymentId":"d-1","recheckAfterMs":-1}"#,
        #"{"deploymentId":"d-1","recheckAfterMs":1.5}"#,
        #"{"deploymentId":"d-1","recheckAfterMs":1e30}"#,
        #"{"deploymentId":"d-1","recheckAfterMs":NaN}"#,
        #"{"deploymentId":"d-1","recheckAfterMs":"60000"}"#,
        #"{"deploymentId":"d-1","recheckAfterMs":0,"message":"\ud800"}"#,
        #"{"deploymentId":"d-1","recheckAfterMs":0,"recheckAfterMs":1}"#,
        #"{"recheckAfterMs":0}"#,
    ])
    mutating func `an answer that is none is an error of its stream`(payload: String) {
        let camera = stage.component("com.example.Camera")
        _ = stage.heard(by: camera)
        stage.ask(camera, .deferComponentUpdate, payload: Array(payload.utf8))
        let error = stage.heard(by: camera).first?.error
        #expect(error?.code == .invalidArguments)
        stage.answer(camera, "d-1", 0)
        #expect(stage.heard(by: camera).first?.response(as: DeferResponse.self) != nil)
        expectUndisturbed()
    }

    @Test mutating func `an answer to an unknown update is a ServiceError`() {
        stage.answer(robot, "d-2", 0)
        #expect(stage.heard(by: robot).first?.error?.code == .serviceError)
        expectUndisturbed()
    }

    @Test mutating func `an answer before subscribing is an InvalidArgumentsError`() {
        let camera = stage.connect("com.example.Camera", by: .components)
        _ = stage.heard(by: camera)
        stage.answer(camera, "d-1", 0)
        #expect(stage.heard(by: camera).first?.error?.code == .invalidArguments)
        expectUndisturbed()
    }

    @Test mutating func `a control operation at the component socket is a ServiceError`() {
        for operation in Operation.allCases where operation.isControl {
            let camera = stage.connect("com.example.Camera", by: .components)
            _ = stage.heard(by: camera)
            stage.ask(camera, operation, ReasonedRequest(deploymentID: "d-1", reason: "r"))
            #expect(stage.heard(by: camera).first?.error?.code == .serviceError)
        }
        expectUndisturbed()
    }

    @Test mutating func `bytes that are no frame get the reason, then the end`() {
        let camera = stage.component("com.example.Camera")
        _ = stage.heard(by: camera)
        stage.sendBytes([UInt8](repeating: 0xFF, count: 64), from: camera)
        let reason = "a frame of 4294967295 bytes, the maximum is 65536"
        #expect(stage.heard(by: camera) == [.broken(reason: reason)])
        stage.pass(.seconds(1))
        #expect(!stage.isConnected(camera))
    }

    @Test mutating func `frames may come in pieces of one byte`() {
        let camera = stage.connect("com.example.Camera", by: .components)
        _ = stage.heard(by: camera)
        let request = Message(
            .applicationMessage,
            stream: 1,
            operation: Operation.updateState.rawValue,
            payload: Array(#"{"state":"RUNNING"}"#.utf8)
        )
        for byte in request.encoded() { stage.sendBytes([byte], from: camera) }
        let end = Message(.ping).encoded()
        stage.sendBytes(end, from: camera)
        expectUndisturbed()
    }

    @Test mutating func `who does not read is hung up on when its outbox is full`() {
        let camera = stage.component("com.example.Camera")
        stage.limitReading(camera, to: 0)
        for _ in 0..<1_000 where stage.isConnected(camera) {
            stage.ask(camera, .updateState, Empty())
        }
        #expect(!stage.isConnected(camera))
        #expect(stage.notes.contains(.doesNotRead("com.example.Camera")))
        stage.pass(.seconds(5))
        expectUndisturbed()
    }

    @Test mutating func `who reads slowly gets everything, in order`() {
        let camera = stage.component("com.example.Camera")
        _ = stage.heard(by: camera)
        stage.limitReading(camera, to: 0)
        for _ in 0..<50 { stage.ask(camera, .updateState, Empty()) }
        for _ in 0..<2_000 { stage.limitReading(camera, to: 7) }
        let streams = stage.heard(by: camera).compactMap { event -> Int32? in
            if case .response(let stream, _, _) = event { stream } else { nil }
        }
        #expect(streams == (2...51).map { Int32($0) })
        stage.hangUp(camera)
        stage.pass(.seconds(5))
        expectUndisturbed()
    }

    @Test mutating func `more subscriptions than streams are refused one by one`() {
        let camera = stage.component("com.example.Camera")
        for _ in 1..<Limits.openStreams {
            stage.ask(camera, .subscribeToComponentUpdates, SubscribeRequest())
        }
        _ = stage.heard(by: camera)
        stage.ask(camera, .subscribeToComponentUpdates, SubscribeRequest())
        #expect(stage.heard(by: camera).last?.error?.code == .serviceError)
        stage.hangUp(camera)
        stage.pass(.seconds(5))
        expectUndisturbed()
    }
}
