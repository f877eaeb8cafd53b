// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

@Suite("Bad input disturbs nobody else") struct BadInputTests {
    private var harness = BrokerHarness()
    private let robot: PeerID
    private let coordinator: PeerID

    init() {
        robot = harness.component("com.example.Robot")
        coordinator = harness.operatorAtControl()
        harness.ask(coordinator, .gateUpdate, GateRequest(deploymentID: "d-1"))
        _ = harness.heard(by: robot)
        _ = harness.heard(by: coordinator)
    }

    /// The robot answers and the gate opens, whatever the others did.
    private mutating func expectUndisturbed() {
        harness.answer(robot, "d-1", 0)
        #expect(harness.heard(by: robot).first?.response(as: DeferResponse.self) != nil)
        #expect(harness.heard(by: coordinator).contains { $0.gate?.isLast == true })
    }

    @Test(arguments: [
        "", "{", "[]", "null",
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
        let camera = harness.component("com.example.Camera")
        _ = harness.heard(by: camera)
        harness.ask(camera, .deferComponentUpdate, payload: Array(payload.utf8))
        let error = harness.heard(by: camera).first?.error
        #expect(error?.code == .invalidArguments)
        harness.answer(camera, "d-1", 0)
        #expect(harness.heard(by: camera).first?.response(as: DeferResponse.self) != nil)
        expectUndisturbed()
    }

    @Test mutating func `an answer to an unknown update is a ServiceError`() {
        harness.answer(robot, "d-2", 0)
        #expect(harness.heard(by: robot).first?.error?.code == .serviceError)
        expectUndisturbed()
    }

    @Test mutating func `an answer before subscribing is an InvalidArgumentsError`() {
        let camera = harness.connect("com.example.Camera", at: .components)
        _ = harness.heard(by: camera)
        harness.answer(camera, "d-1", 0)
        #expect(harness.heard(by: camera).first?.error?.code == .invalidArguments)
        expectUndisturbed()
    }

    @Test mutating func `a control operation at the component socket is a ServiceError`() {
        for operation in Operation.allCases where operation.isControl {
            let camera = harness.connect("com.example.Camera", at: .components)
            _ = harness.heard(by: camera)
            harness.ask(camera, operation, ReasonedRequest(deploymentID: "d-1", reason: "r"))
            #expect(harness.heard(by: camera).first?.error?.code == .serviceError)
        }
        expectUndisturbed()
    }

    @Test mutating func `bytes that are no frame get the reason, then the end`() {
        let camera = harness.component("com.example.Camera")
        _ = harness.heard(by: camera)
        harness.sendBytes([UInt8](repeating: 0xFF, count: 64), from: camera)
        let reason = "a frame of 4294967295 bytes, the maximum is 65536"
        #expect(harness.heard(by: camera) == [.broken(reason: reason)])
        harness.pass(.seconds(1))
        #expect(!harness.isConnected(camera))
    }

    @Test mutating func `frames may come in pieces of one byte`() {
        let camera = harness.connect("com.example.Camera", at: .components)
        _ = harness.heard(by: camera)
        for byte in updateState(of: camera) { harness.sendBytes([byte], from: camera) }
        #expect(harness.heard(by: camera).count == 1)
        expectUndisturbed()
    }

    private mutating func updateState(of peer: PeerID) -> [UInt8] {
        let payload = Array(#"{"state":"RUNNING"}"#.utf8)
        return harness.frame(of: peer) { $0.request(.updateState, payload).frame }
    }

    @Test mutating func `each frame has its time, however its bytes arrive`() {
        let camera = harness.connect("com.example.Camera", at: .components)
        _ = harness.heard(by: camera)
        var rest: [UInt8] = []
        for _ in 0..<10 {
            let frame = updateState(of: camera)
            harness.sendBytes(rest + frame.prefix(20), from: camera)
            rest = Array(frame.dropFirst(20))
            harness.pass(.seconds(29))
        }
        #expect(harness.heard(by: camera).count == 9)
        harness.sendBytes(Array(rest.prefix(1)), from: camera)
        harness.pass(.seconds(2))
        #expect(!harness.isConnected(camera), "some bytes are not the rest of the frame")
        expectUndisturbed()
    }

    private var complaintsOfReading: Int {
        harness.log.count { if case .doesNotRead = $0 { true } else { false } }
    }

    @Test mutating func `who does not read is hung up on when its outbox is full`() {
        let camera = harness.component("com.example.Camera")
        harness.limitReading(camera, to: 0)
        let reason = String(repeating: "x", count: 1_000)
        for number in 2..<100 where harness.isConnected(camera) {
            let id = "d-\(number)"
            var update = GateRequest(deploymentID: id, reason: reason)
            update.components = ["com.example.Camera"]
            harness.ask(coordinator, .gateUpdate, update)
            harness.ask(coordinator, .cancelUpdate, ReasonedRequest(deploymentID: id, reason: "r"))
        }
        #expect(!harness.isConnected(camera))
        #expect(complaintsOfReading == 1)
        harness.pass(.seconds(5))
        expectUndisturbed()
    }

    @Test mutating func `who asks and does not read is hung up on after thirty seconds`() {
        let camera = harness.component("com.example.Camera")
        harness.limitReading(camera, to: 0)
        for _ in 0..<2_000 { harness.ask(camera, .updateState, Empty()) }
        harness.pass(.seconds(29))
        #expect(harness.isConnected(camera))
        harness.limitReading(camera, to: 1)
        harness.pass(.seconds(29))
        #expect(harness.isConnected(camera), "it has read a byte")
        harness.pass(.seconds(1))
        #expect(!harness.isConnected(camera))
        #expect(complaintsOfReading == 1)
        harness.pass(.seconds(5))
        expectUndisturbed()
    }

    @Test(arguments: [585, 20_000])
    mutating func `requests in one burst are all answered, in order, when they are read`(
        count: Int32
    ) {
        let camera = harness.connect("com.example.Camera", at: .components)
        _ = harness.heard(by: camera)
        harness.limitReading(camera, to: 0)
        harness.say(camera) { connection in
            (0..<count).flatMap { _ in connection.request(.updateState, []).frame }
        }
        #expect((harness.clients[camera]?.unread.count ?? 0) >= 50_000, "it is not read")
        harness.pass(.seconds(20))
        while harness.clients[camera]?.isFull == true { harness.limitReading(camera, to: 5_000) }
        let streams = harness.heard(by: camera).compactMap { event -> Int32? in
            if case .response(let stream, _, _) = event { stream } else { nil }
        }
        #expect(streams == Array(1...count))
        harness.hangUp(camera)
        expectUndisturbed()
    }

    @Test mutating func `an answer behind unread replies counts when its sender hangs up`() {
        harness.limitReading(robot, to: 0)
        for _ in 0..<500 { harness.ask(robot, .updateState, Empty()) }
        harness.answer(robot, "d-1", 0)
        #expect(harness.heard(by: coordinator).allSatisfy { $0.gate?.isLast != true })
        harness.hangUp(robot)
        #expect(harness.heard(by: coordinator).contains { $0.gate?.isLast == true })
    }

    @Test mutating func `who reads slowly gets everything, in order`() {
        let camera = harness.component("com.example.Camera")
        _ = harness.heard(by: camera)
        harness.limitReading(camera, to: 0)
        for _ in 0..<50 { harness.ask(camera, .updateState, Empty()) }
        for _ in 0..<2_000 { harness.limitReading(camera, to: 7) }
        let streams = harness.heard(by: camera).compactMap { event -> Int32? in
            if case .response(let stream, _, _) = event { stream } else { nil }
        }
        #expect(streams == (2...51).map { Int32($0) })
        harness.hangUp(camera)
        harness.pass(.seconds(5))
        expectUndisturbed()
    }

    @Test mutating func `more subscriptions than streams are refused one by one`() {
        let camera = harness.component("com.example.Camera")
        for _ in 1..<Limits.openStreams {
            harness.ask(camera, .subscribeToComponentUpdates, SubscribeRequest())
        }
        _ = harness.heard(by: camera)
        harness.ask(camera, .subscribeToComponentUpdates, SubscribeRequest())
        #expect(harness.heard(by: camera).last?.error?.code == .serviceError)
        harness.hangUp(camera)
        harness.pass(.seconds(5))
        expectUndisturbed()
    }
}
