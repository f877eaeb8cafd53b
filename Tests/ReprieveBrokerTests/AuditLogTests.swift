// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

@Suite("The log") struct AuditLogTests {
    private var harness = BrokerHarness()

    private var texts: [String] { harness.log.map(\.text) }

    private func warnings() -> [String] {
        harness.log.filter { $0.level == .warning }.map(\.text)
    }

    @Test mutating func `complains once of a peer that sends and does not read`() {
        let camera = harness.component("com.example.Camera")
        harness.limitReading(camera, to: 0)
        let ping = Message(.ping).encoded()
        let pings = Array(repeatElement(ping, count: 64 * 1_024 / ping.count).joined())
        for _ in 0..<3 { harness.sendBytes(pings, from: camera) }
        // By then further complaints would be counted.
        harness.pass(.seconds(120))
        #expect(!harness.isConnected(camera))
        #expect(warnings().count == 1)
    }

    @Test mutating func `counts complaints of one kind about one user after the first`() {
        for _ in 0..<100 {
            let peer = harness.connect("com.example.Camera", at: .components, user: 99)
            harness.hangUp(peer)
        }
        #expect(warnings().count == 1)
        let other = harness.connect("com.example.Camera", at: .components, user: 98)
        harness.hangUp(other)
        #expect(warnings().count == 2, "another user's are its own")
        harness.pass(.seconds(60))
        #expect(warnings().count == 3)
        #expect(warnings().last?.hasPrefix("99 more like this: denied") == true)
        harness.pass(.seconds(600))
        #expect(harness.nextDeadline == nil, "no wake-up is left")
        harness.hangUp(harness.connect("com.example.Camera", at: .components, user: 99))
        #expect(warnings().count == 4)
    }

    @Test mutating func `names few of one unit when a gate opens without their answers`() {
        for number in 0..<20 {
            let peer = harness.enter(at: .components, place: Place(unit: "till.service"))
            harness.say(peer) { $0.connect(ConnectRequest(componentName: "a.n\(number)")) }
            harness.ask(peer, .subscribeToComponentUpdates, SubscribeRequest())
        }
        _ = harness.component("com.example.Camera")
        let coordinator = harness.operatorAtControl()
        func named() -> [String] { warnings().filter { $0.contains("without an answer") } }
        for turn in 1...3 {
            harness.ask(coordinator, .gateUpdate, GateRequest(deploymentID: "d-\(turn)"))
            harness.pass(.seconds(15))
            let force = ReasonedRequest(deploymentID: "d-\(turn)", reason: "now")
            harness.ask(coordinator, .forceUpdate, force)
            #expect(named().count { $0.contains("Camera") } == turn)
            // Of one unit 8 for each update, and 16 in a minute.
            #expect(named().count == min(8 * turn, 16) + turn)
        }
    }

    @Test mutating func `names few of all units when a gate opens without their answers`() {
        for number in 0..<40 {
            let place = Place(unit: "till\(number).service")
            let peer = harness.enter(at: .components, place: place)
            harness.say(peer) { $0.connect(ConnectRequest(componentName: "a.b")) }
            harness.ask(peer, .subscribeToComponentUpdates, SubscribeRequest())
        }
        _ = harness.announce()
        harness.pass(.seconds(60))
        #expect(warnings().count { $0.contains("without an answer") } == 32)
    }

    @Test mutating func `says announced of nothing that was refused`() {
        _ = harness.component("com.example.Camera")
        let first = harness.operatorAtControl()
        harness.ask(first, .gateUpdate, GateRequest(deploymentID: "d-1", reason: "one"))
        let second = harness.operatorAtControl()
        harness.ask(second, .gateUpdate, GateRequest(deploymentID: "d-1", reason: "another"))
        harness.ask(second, .gateUpdate, GateRequest(deploymentID: "d-1", reason: "one"))
        #expect(texts.filter { $0.contains("was announced") }.count == 1)
        #expect(texts.filter { $0.contains("was joined") }.count == 1)
    }

    @Test mutating func `says forced of no update that was released before`() {
        let coordinator = harness.operatorAtControl()
        harness.ask(coordinator, .gateUpdate, GateRequest(deploymentID: "d-1"))
        let force = ReasonedRequest(deploymentID: "d-1", reason: "now")
        harness.ask(coordinator, .forceUpdate, force)
        #expect(!texts.contains { $0.contains("was forced") })
        _ = harness.component("com.example.Camera")
        harness.ask(coordinator, .gateUpdate, GateRequest(deploymentID: "d-2"))
        let other = ReasonedRequest(deploymentID: "d-2", reason: "now")
        harness.ask(coordinator, .forceUpdate, other)
        #expect(texts.filter { $0.contains("was forced") }.count == 1)
    }

    @Test mutating func `says once that a file is not written, and once that it is again`() {
        let camera = harness.component("com.example.Camera")
        let coordinator = harness.operatorAtControl()
        harness.host.failingFiles = [.journal]
        harness.ask(coordinator, .gateUpdate, GateRequest(deploymentID: "d-1"))
        for _ in 0..<20 {
            harness.answer(camera, "d-1", 1_000)
            harness.pass(.seconds(1))
        }
        #expect(warnings().filter { $0.contains("disk full") }.count == 1)
        harness.host.failingFiles = []
        harness.pass(.seconds(5))
        #expect(texts.filter { $0.contains("is written again") }.count == 1)
        var expected = harness.broker.negotiation
        _ = expected.handle(.restarted, at: harness.now)
        #expect(harness.recalled() == expected)
    }
}
