// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

@Suite("A subscriber of status") struct StatusPublisherTests {
    private var harness = BrokerHarness()

    /// The states of update d-1 in the status documents that a peer was sent.
    private mutating func states(sentTo peer: PeerID) -> [String] {
        harness.heard(by: peer).compactMap { event in
            guard case .event(_, let payload, _) = event,
                let status = try? StatusEvent(decoding: payload, limits: .fromBroker).status
            else { return nil }
            return status.updates.first { $0.deploymentID == "d-1" }?.stateText ?? "none"
        }
    }

    private mutating func progress(sentTo peer: PeerID) -> [UpdateShape] {
        harness.heard(by: peer).compactMap { event in
            if case .progress(let update)? = event.gate { update } else { nil }
        }
    }

    @Test mutating func `is sent the last state also where its connection has a gate`() {
        let camera = harness.component("com.example.Camera")
        let peer = harness.operatorAtControl()
        harness.ask(peer, .watchStatus, Empty())
        harness.ask(peer, .gateUpdate, GateRequest(deploymentID: "d-1"))
        #expect(states(sentTo: peer).last == "waiting")
        harness.answer(camera, "d-1", 0)
        harness.pass(.milliseconds(1))
        #expect(states(sentTo: peer).last == "released")
    }

    @Test mutating func `that does not read costs one document, and is sent the latest`() {
        let camera = harness.component("com.example.Camera")
        let peer = harness.operatorAtControl()
        harness.ask(peer, .gateUpdate, GateRequest(deploymentID: "d-1"))
        harness.limitReading(peer, to: 0)
        for round in 1...5_000 {
            harness.answer(camera, "d-1", 1_000, message: "round \(round)")
            harness.pass(.milliseconds(500))
        }
        #expect(harness.isConnected(peer))
        harness.limitReading(peer, to: nil)
        let documents = progress(sentTo: peer)
        #expect(documents.count <= 3, "what was on its way, and the latest")
        #expect(documents.last?.participants.first?.message == "round 5000")
    }

    @Test mutating func `that reads again is sent the release that it slept through`() {
        let camera = harness.component("com.example.Camera")
        let peer = harness.operatorAtControl()
        harness.ask(peer, .gateUpdate, GateRequest(deploymentID: "d-1"))
        harness.limitReading(peer, to: 0)
        harness.answer(camera, "d-1", 1_000)
        harness.answer(camera, "d-1", 0)
        harness.limitReading(peer, to: nil)
        #expect(harness.heard(by: peer).compactMap(\.gate).last?.isLast == true)
    }

    @Test mutating func `is sent each change in the turn in which it happens`() {
        let camera = harness.component("com.example.Camera")
        let peer = harness.operatorAtControl()
        harness.ask(peer, .watchStatus, Empty())
        harness.ask(harness.operatorAtControl(), .gateUpdate, GateRequest(deploymentID: "d-1"))
        harness.pass(.milliseconds(1))
        _ = harness.heard(by: peer)
        harness.answer(camera, "d-1", 0)
        #expect(states(sentTo: peer) == ["released"])
    }

    @Test mutating func `of all updates does not wait for a gate of many`() {
        for number in 0..<100 { _ = harness.component("com.example.N\(number)") }
        let peer = harness.operatorAtControl()
        harness.ask(peer, .watchStatus, Empty())
        _ = harness.announce()
        #expect(states(sentTo: peer).last == "waiting")
    }

    @Test mutating func `waits for no coordinator that comes later`() {
        for number in 0..<100 { _ = harness.component("com.example.N\(number)") }
        let first = harness.announce()
        harness.pass(.milliseconds(9))
        for _ in 0..<3 {
            harness.ask(harness.operatorAtControl(), .gateUpdate, GateRequest(deploymentID: "d-1"))
        }
        let second = harness.operatorAtControl()
        let request = GateRequest(deploymentID: "d-2", components: ["com.example.N7"])
        harness.ask(second, .gateUpdate, request)
        harness.pass(.microseconds(1_100))
        #expect(progress(sentTo: second).count == 1, "a small gate does not wait for a large one")
        #expect(progress(sentTo: first).isEmpty)
        harness.pass(.microseconds(900))
        #expect(progress(sentTo: first).count == 1)
    }

    @Test mutating func `is sent a status of many connections less often`() {
        let camera = harness.component("com.example.Camera")
        for number in 0..<500 { _ = harness.component("com.example.N\(number)") }
        let peer = harness.operatorAtControl()
        harness.ask(peer, .watchStatus, Empty())
        _ = harness.announce { $0.components = ["com.example.Camera"] }
        harness.pass(.seconds(1))
        _ = harness.heard(by: peer)
        for _ in 0..<100 {
            harness.answer(camera, "d-1", 60_000)
            harness.pass(.milliseconds(1))
        }
        let count = states(sentTo: peer).count
        #expect(5...12 ~= count, "every ten milliseconds, not \(count) times in a hundred")
    }
}
