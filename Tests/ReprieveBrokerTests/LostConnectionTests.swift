// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing
import Tokens

private let camera = "com.example.Camera"

@Suite("A connection that does not outlive its broker") struct LostConnectionTests {
    private var harness = BrokerHarness { $0.keepsConnections = true }

    private func state(_ id: String = "d-1") -> Participant.State? {
        harness.broker.negotiation.updates[id]?.participants[camera]?.state
    }

    @Test mutating func `has the grace to return`() {
        let component = harness.component(camera)
        _ = harness.announce()
        harness.awaitKeeping()
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
        harness.awaitKeeping()
        harness.die { $0.answer(component, "d-1", 60_000) }
        #expect(!harness.isConnected(component))
        #expect(harness.isConnected(other))
        #expect(state() == .deferred)
    }

    @Test mutating func `was about to be told when the broker died`() {
        let component = harness.component(camera)
        let coordinator = harness.operatorAtControl()
        harness.awaitKeeping()
        let request = GateRequest(deploymentID: "d-1")
        harness.die { $0.ask(coordinator, .gateUpdate, request) }
        #expect(!harness.isConnected(component))
        #expect(state() == .asked)
    }

    @Test mutating func `was a coordinator's, without whom no gate opens`() {
        let component = harness.component(camera)
        let coordinator = harness.announce()
        harness.awaitKeeping()
        harness.restart(losing: [coordinator])
        harness.answer(component, "d-1", 0)
        #expect(harness.broker.negotiation.updates["d-1"]?.isWaiting == true)
        let again = harness.announce()
        #expect(harness.heard(by: again).compactMap(\.gate).last?.isLast == true)
    }

    @Test mutating func `is of one of several processes, for which the others do not speak`() {
        let ready = harness.component(camera)
        let busy = harness.component(camera)
        _ = harness.announce()
        harness.awaitKeeping()
        harness.answer(ready, "d-1", 0)
        harness.restart(losing: [busy])
        #expect(harness.broker.negotiation.updates["d-1"]?.isWaiting == true)
        #expect(state() == .asked)
        #expect(!harness.isConnected(ready))
    }

    @Test mutating func `was that of the coordinator that makes an update, which no other makes`() {
        let component = harness.component(camera)
        let coordinator = harness.announce()
        harness.awaitKeeping()
        harness.answer(component, "d-1", 0)
        harness.restart(losing: [coordinator])
        let another = harness.announce()
        let events = harness.heard(by: another).compactMap(\.gate)
        guard case .released(let released) = events.last else {
            Issue.record("the gate is open")
            return
        }
        #expect(released.joined)
    }

    @Test mutating func `has a record that may be out of date`() {
        let component = harness.component(camera)
        harness.awaitKeeping()
        var journal = harness.journal
        journal[journal.count / 2] ^= 1
        harness.forge(journal: journal)
        harness.restart()
        #expect(!harness.isConnected(component))
    }

    @Test(arguments: 0...12)
    mutating func `has not heard what the next broker does not know`(operations: Int) {
        let component = harness.component(camera)
        let coordinator = harness.announce()
        harness.awaitKeeping()
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
            harness.awaitKeeping()
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
            harness.awaitKeeping()
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
        harness.awaitKeeping()
        harness.host.credentials[component]?.user += 1
        harness.restart()
        #expect(!harness.isConnected(component))
        #expect(harness.log.contains { $0.text.hasPrefix("took back 0 of 1 ") })
    }

    @Test mutating func `has a token that was revoked meanwhile`() {
        let token = Token(random: Array(0..<26))
        harness.adopt { $0.tokens.issue(token, to: camera) }
        let component = harness.connect(token.text, at: .components)
        harness.awaitKeeping()
        harness.restart()
        #expect(harness.isConnected(component))
        harness.restart { $0.tokens.revoke($0.tokens.entries(of: camera)) }
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
            $0.limits.keptConnections = 4
        }
        let peers = (0..<4).map { harness.component("com.example.Camera\($0)") }
        harness.awaitKeeping()
        let warnings = harness.log.filter { $0.text.contains("keeps 2, and has no room") }
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
        harness.awaitKeeping()
        harness.restart()
        #expect(peers.map { harness.isConnected($0) } == [true, true, false, false])
        #expect(harness.isConnected(own))
    }

    /// Each of which has as many connections as it is let.
    @Test(arguments: [true, false])
    mutating func `is never the only one of its user`(isOwnFirst: Bool) {
        harness = BrokerHarness {
            $0.keepsConnections = true
            $0.limits.keptConnections = 128
        }
        let users: [UInt32] = [7, 8, 9, 10, 11, 12]
        let own = BrokerHarness.user
        var kept: [UInt32: Int] = [:]
        for user in isOwnFirst ? [own] + users : users + [own] {
            let peers = (0..<130).map { _ in
                let unit = Place(unit: "camera.service")
                let peer = harness.enter(at: .components, user: user, place: unit)
                harness.say(peer) { $0.connect(ConnectRequest()) }
                return peer
            }
            harness.awaitKeeping()
            kept[user] = harness.host.kept.intersection(peers).count
        }
        #expect(kept[own] == 64)
        #expect(users.map { kept[$0] } == [32, 2, 2, 2, 2, 2])
    }

    @Test mutating func `had not sent CONNECT`() {
        let stranger = harness.enter(at: .components)
        harness.awaitKeeping()
        #expect(harness.host.kept.isEmpty)
        harness.restart()
        #expect(!harness.isConnected(stranger))
    }
}
