// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import EventStream
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

/// What peers can have the broker say without end: each kind of it 20 times in a row.
@Suite("Of what one unit repeats, the log") struct RepeatedLogTests {
    private var harness = BrokerHarness()
    private let times = 20

    private mutating func enter() -> PeerID {
        harness.enter(at: .components, user: 99, place: Place(unit: "till.service"))
    }

    private mutating func components(ofToken token: String? = nil) -> [PeerID] {
        (0..<times).map { number in
            let peer = enter()
            let request = ConnectRequest(authToken: token, componentName: "a.n\(number)")
            harness.say(peer) { $0.connect(request) }
            return peer
        }
    }

    /// It has few of these entries, and a minute later one that counts the others. The metrics
    /// count all.
    private mutating func expectFew(_ words: String, _ few: Int = 1, as reason: String?) throws {
        let said = harness.log.map(\.text).filter { $0.contains(words) }
        #expect(said.count == few)
        #expect(said.allSatisfy { !$0.contains("more like this") })
        harness.pass(.seconds(60))
        let last = harness.log.map(\.text).last { $0.contains(words) }
        #expect(last?.hasPrefix("\(times - few) more like this: ") == true)
        let peer = harness.operatorAtControl()
        _ = harness.heard(by: peer)
        harness.ask(peer, .getMetrics, Empty())
        let answer = harness.heard(by: peer).first?.response(as: MetricsShape.self)
        guard let reason else { return }
        #expect(try #require(answer).refusals.contains(CountShape(reason, Int64(times))))
    }

    @Test mutating func `has one denial`() throws {
        for _ in 0..<times { _ = harness.connect("no-name", at: .components, user: 99) }
        try expectFew("denied a connection", as: "denied")
    }

    @Test mutating func `has one refusal`() throws {
        harness = BrokerHarness { $0.limits.account.connections = 1 }
        for _ in 0...times { _ = enter() }
        try expectFew("refused a connection", as: "limit")
    }

    @Test mutating func `has one violation`() throws {
        let noise = [UInt8](repeating: 0xFF, count: 16)
        for peer in components() { harness.sendBytes(noise, from: peer) }
        try expectFew("broke the protocol", as: "violation")
    }

    @Test mutating func `has one that does not read`() throws {
        let ping = Message(.ping).encoded()
        let pings = Array(repeatElement(ping, count: 16 * 1_024 / ping.count).joined())
        for peer in components() {
            harness.limitReading(peer, to: 0)
            for _ in 0..<3 { harness.sendBytes(pings, from: peer) }
        }
        harness.pass(.seconds(31))
        try expectFew("it does not read", as: "does-not-read")
    }

    @Test mutating func `has one that sends no CONNECT`() throws {
        for _ in 0..<times { _ = enter() }
        harness.pass(.seconds(6))
        try expectFew("it sent no CONNECT", as: "no-handshake")
    }

    @Test mutating func `has one that sends part of a frame`() throws {
        for peer in components() { harness.sendBytes([0, 0], from: peer) }
        harness.pass(.seconds(31))
        try expectFew("it sent part of a frame", as: "partial-frame")
    }

    @Test mutating func `has one connection for which too many bytes wait`() throws {
        harness = BrokerHarness { $0.limits.account.bytes = 1_024 }
        let frame = Message(.ping, payload: [UInt8](repeating: 0, count: 2_000)).encoded()
        for peer in components() { harness.sendBytes(Array(frame.dropLast()), from: peer) }
        try expectFew("1024 bytes wait for the connections", as: "memory")
    }

    @Test mutating func `has one token that is not known`() throws {
        _ = components(ofToken: String(repeating: "0", count: 26))
        try expectFew("sent a token that is not known", as: nil)
    }

    @Test mutating func `has sixteen deferrals`() throws {
        let peers = components()
        for peer in peers {
            harness.ask(peer, .subscribeToComponentUpdates, SubscribeRequest())
        }
        _ = harness.announce()
        for peer in peers { harness.answer(peer, "d-1", 1_000) }
        try expectFew("deferred update", 16, as: nil)
    }

    private mutating func loseUpstreams(_ count: Int) {
        for _ in 0..<count {
            _ = harness.connectThroughUpstream("a.b")
            for upstream in harness.upstreams {
                let flags = Message.Flags.connectionAccepted
                harness.say(Message(.connectAck, flags: flags), from: upstream)
                harness.turn(.hungUp(upstream))
            }
        }
    }

    private mutating func haveUpstream() {
        harness = BrokerHarness {
            $0.upstream = UpstreamSettings(socket: "/run/nucleus", largestFrame: 10_012)
        }
        harness.host.upstream = SimulatedUpstream()
    }

    @Test mutating func `has one connection that the upstream has ended`() throws {
        haveUpstream()
        loseUpstreams(times)
        try expectFew("the upstream hung up", as: nil)
    }

    @Test mutating func `has each kind of its own where the users are too many to be told apart`() {
        haveUpstream()
        // The broker's own user would not be denied.
        for user: UInt32 in 2_000..<2_256 {
            let peer = harness.enter(at: .components, user: user)
            harness.say(peer) { $0.connect(ConnectRequest(componentName: "a.b")) }
        }
        #expect(harness.log.count { $0.text.hasPrefix("denied") } == 256)
        _ = components(ofToken: String(repeating: "0", count: 26))
        loseUpstreams(1)
        #expect(harness.log.count { $0.text.hasSuffix("a token that is not known") } == 1)
        #expect(harness.log.count { $0.text.hasSuffix("the upstream hung up") } == 1)
    }
}
