// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing
import Tokens

private let camera = "com.example.Camera"

/// A broker whose service manager keeps connections.
@Suite("A connection that outlives its broker") struct KeptConnectionTests {
    private var harness = BrokerHarness { $0.keepsConnections = true }

    private var negotiation: Negotiation { harness.broker.negotiation }

    private func state(_ id: String = "d-1") -> Participant.State? {
        negotiation.updates[id]?.participants[camera]?.state
    }

    private mutating func notices(to peer: PeerID) -> [PreUpdateEvent] {
        harness.heard(by: peer).compactMap(\.notice)
    }

    private mutating func lastGateEvent(to peer: PeerID) -> GateEvent? {
        harness.heard(by: peer).compactMap(\.gate).last
    }

    /// The broker dies, and all is as it was.
    private mutating func restart() {
        var expected = negotiation
        expected.restart(keeping: harness.host.kept, at: harness.now)
        harness.restart()
        #expect(negotiation == expected)
        let waiting = negotiation.updates.entries.filter(\.isWaiting)
        #expect(waiting.flatMap(\.participants.entries).allSatisfy { $0.state != .away })
    }

    private func saidLast() -> String? {
        harness.log.map(\.text).last { $0.contains("took back") }
    }

    @Test mutating func `is asked once, and opens the gate with its answer`() {
        let component = harness.component(camera)
        let coordinator = harness.announce()
        #expect(notices(to: component).count == 1)
        for _ in 0..<10 { restart() }
        #expect(notices(to: component).isEmpty)
        harness.answer(component, "d-1", 0)
        #expect(lastGateEvent(to: coordinator)?.isLast == true)
        #expect(negotiation.updates["d-1"]?.release?.basis == .consent)
        #expect(saidLast() == "took back 2 of 2 connections from the service manager")
    }

    @Test mutating func `has its deferral, which another connection does not lift`() {
        let component = harness.component(camera)
        let other = harness.component(camera)
        _ = harness.announce()
        harness.answer(component, "d-1", 60_000)
        restart()
        harness.answer(other, "d-1", 0)
        #expect(state() == .deferred)
        harness.answer(component, "d-1", 0)
        #expect(negotiation.updates["d-1"]?.isWaiting == false)
    }

    @Test mutating func `acts on a final notice as before`() {
        let component = harness.component(camera, confirm: true)
        let arm = harness.component("com.example.Arm")
        _ = harness.announce()
        harness.answer(component, "d-1", 0, round: 1)
        restart()
        harness.answer(arm, "d-1", 0)
        restart()
        #expect(notices(to: component).map(\.final) == [false, true])
        harness.answer(arm, "d-1", 1_000)
        #expect(notices(to: component).map(\.final) == [false])
    }

    @Test mutating func `ends its subscription when it says so`() {
        let component = harness.connect(camera, at: .components)
        let stream = harness.ask(component, .subscribeToComponentUpdates, SubscribeRequest())
        restart()
        harness.close(component, stream)
        restart()
        #expect(!negotiation.hasSubscribers)
        #expect(harness.isConnected(component))
    }

    @Test mutating func `makes further requests, whatever it has asked before`() {
        let component = harness.component(camera)
        for _ in 0..<3 { harness.ask(component, .updateState, Empty()) }
        restart()
        _ = harness.heard(by: component)
        harness.ask(component, .updateState, Empty())
        #expect(harness.heard(by: component).first?.response(as: Empty.self) != nil)
        harness.ask(component, .updateState, Empty())
        #expect(harness.heard(by: component).first?.response(as: Empty.self) != nil)
    }

    @Test mutating func `watches the status, and gets the post it waits for`() {
        let coordinator = harness.announce()
        let late = harness.connect(camera, at: .components)
        harness.ask(late, .subscribeToComponentUpdates, SubscribeRequest(underway: true))
        let watcher = harness.operatorAtControl()
        harness.ask(watcher, .watchStatus, Empty())
        restart()
        _ = harness.heard(by: watcher)
        let outcome = CompleteRequest(deploymentID: "d-1", outcome: .applied)
        harness.ask(coordinator, .completeUpdate, outcome)
        #expect(harness.heard(by: late).compactMap { $0.post?.deploymentID } == ["d-1"])
        harness.pass(.seconds(1))
        #expect(!harness.heard(by: watcher).isEmpty)
    }

    @Test mutating func `keeps its update under way`() {
        let coordinator = harness.announce { $0.policy.deadlineMs = 0 }
        restart()
        harness.pass(.seconds(600))
        #expect(negotiation.updates["d-1"]?.isWaiting == false)
        harness.hangUp(coordinator)
        harness.pass(.seconds(301))
        #expect(negotiation.updates["d-1"] == nil)
    }

    @Test mutating func `is counted, and leaves its account when it ends`() {
        let component = harness.component(camera)
        restart()
        let now = harness.now
        let accounts = harness.broker.status(at: now).accounts
        #expect(accounts.map(\.connections.used) == [1])
        #expect(accounts.map(\.handshakes.used) == [0])
        harness.hangUp(component)
        #expect(harness.broker.status(at: now).accounts.isEmpty)
        #expect(harness.host.kept.isEmpty)
    }
}

@Suite("A connection that does not outlive its broker") struct LostConnectionTests {
    private var harness = BrokerHarness { $0.keepsConnections = true }

    private func state(_ id: String = "d-1") -> Participant.State? {
        harness.broker.negotiation.updates[id]?.participants[camera]?.state
    }

    @Test mutating func `has the grace to return`() {
        let component = harness.component(camera)
        _ = harness.announce()
        harness.answer(component, "d-1", 1_000)
        harness.restart(losing: [component])
        #expect(state() == .deferred)
        harness.pass(.seconds(1))
        #expect(state() == .away)
        harness.pass(.seconds(5))
        #expect(harness.broker.negotiation.updates["d-1"]?.isWaiting == false)
    }

    @Test mutating func `was being read or written to when the broker died`() {
        let component = harness.component(camera)
        let other = harness.component("com.example.Arm")
        _ = harness.announce()
        harness.die { $0.answer(component, "d-1", 60_000) }
        #expect(!harness.isConnected(component))
        #expect(harness.isConnected(other))
        #expect(state() == .deferred)
    }

    @Test(arguments: 0...12)
    mutating func `has not heard what the next broker does not know`(operations: Int) {
        let component = harness.component(camera)
        let coordinator = harness.announce()
        _ = harness.heard(by: component)
        harness.host.operationsLeft = operations
        harness.answer(component, "d-1", 60_000)
        let isGranted = harness.heard(by: component).contains { event in
            event.response(as: DeferResponse.self) != nil
        }
        harness.restart()
        #expect(!isGranted || state() == .deferred)
        #expect(harness.isConnected(component) || harness.heard(by: component).isEmpty)
        guard harness.isConnected(component) else { return }
        harness.answer(component, "d-1", 0)
        #expect(harness.heard(by: coordinator).compactMap(\.gate).last?.isLast == true)
    }

    @Test mutating func `was in the middle of a frame, unless the broker was stopped`() {
        for isStopped in [false, true] {
            let component = harness.component(camera)
            let frame = harness.frame(of: component) { $0.request(.updateState, []).frame }
            harness.sendBytes(Array(frame.prefix(20)), from: component)
            if isStopped { harness.stopAndStart() } else { harness.restart() }
            #expect(harness.isConnected(component) == isStopped)
            _ = harness.heard(by: component)
            harness.sendBytes(Array(frame.dropFirst(20)), from: component)
            let answer = harness.heard(by: component).first
            #expect((answer?.response(as: Empty.self) != nil) == isStopped)
        }
    }

    @Test mutating func `had not read all, unless the broker was stopped`() {
        for isStopped in [false, true] {
            let watcher = harness.operatorAtControl()
            _ = harness.heard(by: watcher)
            harness.limitReading(watcher, to: 10)
            harness.ask(watcher, .getStatus, Empty())
            if isStopped { harness.stopAndStart() } else { harness.restart() }
            #expect(harness.isConnected(watcher) == isStopped)
            harness.limitReading(watcher, to: nil)
            let answer = harness.heard(by: watcher).first
            #expect((answer?.response(as: StatusShape.self) != nil) == isStopped)
        }
    }

    @Test mutating func `belongs to another process than the one that is written down`() {
        let component = harness.component(camera)
        harness.host.credentials[component]?.user += 1
        harness.restart()
        #expect(!harness.isConnected(component))
        #expect(harness.log.contains { $0.text.hasPrefix("took back 0 of 1 ") })
    }

    @Test mutating func `has a token that was revoked meanwhile`() {
        let token = Token(random: Array(0..<26))
        harness.adopt { $0.tokens.issue(token, to: camera) }
        let component = harness.connect(token.text, at: .components)
        harness.restart()
        #expect(harness.isConnected(component))
        harness.restart { $0.tokens.revoke(camera) }
        #expect(!harness.isConnected(component))
    }

    @Test mutating func `is of a broker that died in a boot before this one`() {
        let component = harness.component(camera)
        harness.reboot()
        #expect(!harness.isConnected(component))
        #expect(!harness.log.contains { $0.text.contains("took back") })
    }

    @Test mutating func `was one too many`() {
        harness = BrokerHarness {
            $0.keepsConnections = true
            $0.limits.keptConnections = 2
        }
        let peers = (0..<4).map { harness.component("com.example.Camera\($0)") }
        let warnings = harness.log.filter { $0.text.contains("which is the maximum") }
        #expect(warnings.count == 1)
        harness.restart()
        #expect(peers.map { harness.isConnected($0) } == [true, true, false, false])
    }

    @Test mutating func `is of a user that has a quarter of them already`() {
        harness = BrokerHarness {
            $0.keepsConnections = true
            $0.limits.keptConnections = 8
        }
        let place = Place(unit: "camera.service")
        let peers = (0..<4).map { _ in
            let peer = harness.enter(at: .components, user: 7, place: place)
            harness.say(peer) { $0.connect(ConnectRequest()) }
            return peer
        }
        let own = harness.component("com.example.Till")
        harness.restart()
        #expect(peers.map { harness.isConnected($0) } == [true, true, false, false])
        #expect(harness.isConnected(own))
    }

    @Test mutating func `had not sent CONNECT`() {
        let stranger = harness.enter(at: .components)
        #expect(harness.host.kept.isEmpty)
        harness.restart()
        #expect(!harness.isConnected(stranger))
    }
}
