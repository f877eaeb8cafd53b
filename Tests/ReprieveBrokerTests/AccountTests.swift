// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import StrictJSON
import Testing

/// What the connections of one user or service may use together.
@Suite("An account") struct AccountTests {
    private var harness = BrokerHarness {
        $0.limits.account = AccountLimits(connections: 4, handshakes: 2, bytes: 10_000)
        $0.limits.ownAccount = AccountLimits(connections: 8, handshakes: 8, bytes: 100_000)
        $0.limits.componentConnections = 11
    }

    private mutating func enter(
        _ unit: String = "user@99.service",
        user: UInt32 = 99
    ) -> PeerID {
        harness.enter(at: .components, user: user, place: Place(unit: unit))
    }

    private mutating func isLetIn(
        _ unit: String = "user@99.service",
        user: UInt32 = 99
    ) -> Bool {
        let peer = enter(unit, user: user)
        return harness.isConnected(peer)
    }

    private mutating func component(
        _ name: String,
        _ unit: String = "user@99.service",
        user: UInt32 = 99
    ) -> PeerID {
        let peer = enter(unit, user: user)
        harness.say(peer) { $0.connect(ConnectRequest(componentName: name)) }
        harness.ask(peer, .subscribeToComponentUpdates, SubscribeRequest())
        return peer
    }

    private var warnings: [String] { harness.log.filter { $0.level == .warning }.map(\.text) }

    @Test mutating func `has so many connections, however the user names its units`() {
        let peers = (0..<4).map { component("c.c\($0)", "user@99.service") }
        #expect(peers.allSatisfy { harness.isConnected($0) })
        #expect(!isLetIn())
        #expect(
            warnings == ["refused a connection from uid 99: it has 4 connections, the maximum is 4"]
        )
        harness.hangUp(peers[0])
        #expect(isLetIn())
    }

    @Test mutating func `is that of a service where the system has one`() {
        for number in 0..<4 { _ = component("c.c\(number)", "till.service") }
        #expect(!isLetIn("till.service"))
        #expect(isLetIn("camera.service"))
        #expect(isLetIn(), "the user's session is another account")
    }

    @Test mutating func `has few connections that are not accepted yet, denied ones among them`() {
        let waiting = enter()
        let denied = enter("session-2.scope")
        harness.say(denied) { $0.connect(ConnectRequest(componentName: "c.c")) }
        #expect(!isLetIn())
        harness.say(waiting) { $0.connect(ConnectRequest(componentName: "c.c")) }
        #expect(isLetIn())
        harness.hangUp(denied)
        #expect(isLetIn())
    }

    @Test mutating func `of others leaves room for the broker's own user, and for control`() {
        for user in 1...4 as ClosedRange<UInt32> {
            for number in 0..<2 { _ = component("c.c\(number)", user: user) }
        }
        #expect(!isLetIn(user: 98))
        let own = (0..<3).map { _ in harness.enter(at: .components) }
        #expect(own.allSatisfy { harness.isConnected($0) })
        let operatorAtControl = harness.operatorAtControl()
        #expect(harness.isConnected(operatorAtControl))
    }

    @Test mutating func `is charged for frames that are not whole`() {
        let peers = (0..<3).map { component("c.c\($0)") }
        let frame = Message(.ping, payload: Array(repeating: 0, count: 8_000)).encoded()
        harness.sendBytes(Array(frame.dropLast()), from: peers[0])
        #expect(harness.isConnected(peers[0]))
        let honest = component("c.honest", "camera.service")
        harness.sendBytes(Array(frame.dropLast()), from: honest)
        harness.sendBytes(Array(frame.dropLast()), from: peers[1])
        #expect(!harness.isConnected(peers[1]))
        #expect(harness.isConnected(peers[0]) && harness.isConnected(honest))
        harness.sendBytes([frame.last ?? 0], from: peers[0])
        #expect(harness.isConnected(peers[0]))
        harness.sendBytes(Array(frame.dropLast()), from: peers[2])
        #expect(harness.isConnected(peers[2]), "what became whole is no longer charged")
    }

    @Test mutating func `is charged for what is not read`() {
        let peers = (0..<3).map { component("c.c\($0)") }
        let ping = Message(.ping, payload: Array(repeating: 0, count: 4_000)).encoded()
        for peer in peers {
            harness.limitReading(peer, to: 0)
            harness.sendBytes(ping, from: peer)
        }
        #expect(peers.map { harness.isConnected($0) } == [true, true, false])
        harness.limitReading(peers[0], to: nil)
        let next = component("c.next")
        harness.limitReading(next, to: 0)
        harness.sendBytes(ping, from: next)
        #expect(harness.isConnected(next))
    }

    @Test mutating func `loses a connection whose frame stays in part`() {
        let peer = component("c.c")
        let ping = Message(.ping).encoded()
        harness.sendBytes(Array(ping.prefix(10)), from: peer)
        harness.pass(.seconds(20))
        harness.sendBytes(Array(ping.dropFirst(10)), from: peer)
        harness.pass(.seconds(20))
        #expect(harness.isConnected(peer), "it became whole")
        harness.sendBytes(Array(ping.prefix(10)), from: peer)
        harness.pass(.seconds(29))
        #expect(harness.isConnected(peer))
        harness.sendBytes([ping[10]], from: peer)
        harness.pass(.seconds(1))
        #expect(!harness.isConnected(peer), "one byte more is no whole frame")
        #expect(harness.nextDeadline == nil, "no wake-up is left")
    }

    @Test mutating func `writes few lines of the log, however many its names are`() {
        let update = harness.announce()
        for number in 0..<300 {
            let peer = component("c.c\(number)")
            harness.answer(peer, "d-1", 1_000)
            harness.sendBytes(Array(repeating: 0xFF, count: 16), from: peer)
            harness.hangUp(peer)
        }
        _ = update
        #expect(harness.log.filter { $0.level > .debug }.count < 24)
    }

    @Test mutating func `has its memory given back after it has left`() {
        harness = BrokerHarness()
        let frame = Message(.ping, payload: Array(repeating: 0, count: 60_000)).encoded()
        let peers = (0..<30).map { component("c.c\($0)", "till\($0).service") }
        for peer in peers { harness.sendBytes(Array(frame.dropLast()), from: peer) }
        for peer in peers { harness.hangUp(peer) }
        #expect(harness.nextDeadline == harness.now + .seconds(1))
        harness.pass(.seconds(1))
        #expect(harness.nextDeadline == nil)
    }

    @Test mutating func `cannot make the progress of an update too long for its coordinator`() {
        harness = BrokerHarness { $0.limits.account.handshakes = 1_000 }
        let peers = (0..<1_200).map { component("c.c", "till\($0).service") }
        let coordinator = harness.announce()
        let message = String(repeating: "\u{1}", count: 1_024)
        for peer in peers { harness.answer(peer, "d-1", 60_000, message: message) }
        harness.pass(.seconds(1))
        let progress = harness.heard(by: coordinator).compactMap { event -> UpdateShape? in
            if case .progress(let update)? = event.gate { update } else { nil }
        }
        let last = progress.last
        #expect(last?.blockedBy.count == 1_200)
        #expect((last?.participants.count ?? 0) + Int(last?.omitted ?? 0) == 1_200)
        #expect((last?.omitted ?? 0) > 0)
        #expect((last?.encoded().count ?? 0) <= Limits.progressParticipants + 64 * 1_024)
    }
}
