// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import EventStream
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

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
        harness.awaitKeeping()
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

    @Test mutating func `is handed over after a moment, or when the broker is stopped`() {
        let component = harness.component(camera)
        harness.hangUp(harness.connect("com.example.Arm", at: .components))
        #expect(harness.host.kept.isEmpty)
        harness.awaitKeeping()
        #expect(harness.host.kept == [component])
        let other = harness.component("com.example.Arm")
        harness.stopAndStart()
        #expect(harness.isConnected(component) && harness.isConnected(other))
    }

    @Test mutating func `has its consent, and is not asked again when the machine goes down`() {
        let component = harness.component(camera)
        _ = harness.announce { $0.disruption = .reboot }
        harness.answer(component, "d-1", 0)
        let late = harness.component(camera)
        _ = (notices(to: component), notices(to: late))
        restart()
        harness.turn(.shutdownBegins(Shutdown(.reboot, limit: .seconds(5))))
        #expect(notices(to: component).isEmpty)
        #expect(notices(to: late).count == 1)
    }

    @Test mutating func `is that of a coordinator which came when the gate was open`() {
        harness.hangUp(harness.announce())
        let coordinator = harness.announce()
        restart()
        #expect(negotiation.updates["d-1"]?.coordinators.map(\.stream.peer) == [coordinator])
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

    @Test mutating func `is not sent a post that it no longer waits for`() {
        let coordinator = harness.announce()
        let late = harness.connect(camera, at: .components)
        harness.ask(late, .subscribeToComponentUpdates, SubscribeRequest(underway: true))
        let outcome = CompleteRequest(deploymentID: "d-1", outcome: .applied)
        harness.ask(coordinator, .completeUpdate, outcome)
        let again = harness.announce { $0.components = ["com.example.Arm"] }
        _ = harness.heard(by: late)
        restart()
        harness.ask(again, .completeUpdate, outcome)
        #expect(harness.heard(by: late).isEmpty)
    }

    @Test mutating func `speaks for its process alone`() {
        let one = harness.component(camera)
        let other = harness.component(camera)
        let coordinator = harness.announce()
        harness.answer(one, "d-1", 0)
        restart()
        #expect(state() == .asked)
        harness.answer(other, "d-1", 0)
        #expect(lastGateEvent(to: coordinator)?.isLast == true)
    }

    @Test mutating func `leaves its say to a process whose upstream has just ended`() throws {
        harness = BrokerHarness {
            $0.keepsConnections = true
            $0.upstream = UpstreamSettings(socket: "/run/nucleus", largestFrame: 10_012)
        }
        harness.host.upstream = SimulatedUpstream()
        let requests = [ConnectRequest(authToken: "dG9rZW4gb2YgTGl0"), .init(authToken: camera)]
        let components = requests.map { request in
            let unit = Place(unit: "ggl.\(camera).service")
            let peer = harness.enter(at: .components, user: 0, place: unit)
            harness.say(peer) { $0.connect(request) }
            return peer
        }
        let upstream = try #require(harness.upstreams.first)
        let accepted = Message(.connectAck, flags: Message.Flags.connectionAccepted)
        harness.say(accepted, from: upstream)
        for peer in components {
            harness.ask(peer, .subscribeToComponentUpdates, SubscribeRequest())
        }
        let coordinator = harness.announce()
        harness.awaitKeeping()
        harness.answer(components[1], "d-1", 0)
        harness.turn(.hungUp(upstream))
        restart()
        #expect(state() == .asked)
        harness.pass(.seconds(5))
        #expect(lastGateEvent(to: coordinator)?.isLast == true)
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

    @Test(arguments: [false, true])
    mutating func `is on record for as long as it lives, also where no more are kept`(
        isTakenBack: Bool
    ) {
        let component = harness.connect(camera, at: .components)
        harness.awaitKeeping()
        harness.adopt { $0.keepsConnections = false }
        if isTakenBack { harness.restart() }
        harness.ask(component, .subscribeToComponentUpdates, SubscribeRequest())
        harness.restart()
        _ = harness.announce()
        #expect(notices(to: component).count == 1)
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

    @Test mutating func `ends where the operator no longer lets it subscribe`() {
        let unknown = harness.component("com.example.Unknown")
        let silenced = harness.component("com.example.Silenced")
        let component = harness.component(camera)
        let other = harness.connect("com.example.Other", at: .components)
        harness.awaitKeeping()
        var rule = ComponentRule(pattern: "com.example.Silenced")
        rule.maySubscribe = false
        harness.restart { settings in
            settings.negotiation.allowsUnknown = false
            settings.negotiation.rules = [ComponentRule(pattern: camera), rule]
        }
        let peers = [unknown, silenced, component, other]
        #expect(peers.map { harness.isConnected($0) } == [false, false, true, true])
    }
}
