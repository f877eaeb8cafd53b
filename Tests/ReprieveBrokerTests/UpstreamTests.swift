// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import EventStream
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

private let camera = "com.example.Camera"
private let token = "dG9rZW4gb2YgTGl0"

/// A broker beside a nucleus, which says what the test has it say.
@Suite("With an upstream, a connection") struct UpstreamTests {
    var harness = BrokerHarness {
        $0.upstream = UpstreamSettings(socket: "/run/nucleus", largestFrame: 10_012)
    }
    private let lite = Place(unit: "ggl.\(camera).service")

    init() { harness.host.upstream = SimulatedUpstream() }

    private var upstreams: [PeerID] { harness.upstreams }

    /// A client that has sent CONNECT, and its connection to the nucleus.
    private mutating func connect(
        _ request: ConnectRequest = ConnectRequest(authToken: token),
        place: Place? = nil
    ) -> (client: PeerID, upstream: PeerID?) {
        let peer = harness.enter(at: .components, user: 0, place: place ?? lite)
        harness.say(peer) { $0.connect(request) }
        return (peer, upstreams.last)
    }

    private static let acceptance = Message(.connectAck, flags: Message.Flags.connectionAccepted)

    mutating func accepted() throws -> (client: PeerID, upstream: PeerID) {
        let (client, upstream) = connect()
        let id = try #require(upstream)
        harness.say(Self.acceptance, from: id)
        #expect(harness.heard(by: client) == [.connected])
        _ = harness.heard(byUpstream: id)
        return (client, id)
    }

    mutating func request(_ client: PeerID, _ name: String, _ stream: Int32) {
        harness.sendBytes(Self.request(name, stream), from: client)
    }

    static func request(_ name: String, _ stream: Int32) -> [UInt8] {
        let message = Message(
            .applicationMessage,
            stream: stream,
            operation: "aws.greengrass#" + name,
            payload: Array("{}".utf8)
        )
        return message.encoded()
    }

    @Test mutating func `is accepted when the nucleus has accepted its token, and not before`()
        throws
    {
        let (client, upstream) = connect()
        let id = try #require(upstream)
        let first = try #require(harness.heard(byUpstream: id).first)
        #expect((first.type, first.version) == (.connect, "0.1.0"))
        #expect(try ConnectRequest(decoding: first.payload).authToken == token)
        #expect(harness.heard(by: client) == [])
        harness.say(Self.acceptance, from: id)
        #expect(harness.heard(by: client) == [.connected])
        #expect(harness.broker.status(at: harness.now).components.map(\.component) == [camera])
    }

    @Test mutating func `is denied as by this broker where the nucleus denies it or hangs up`() {
        for says in [Message(.connectAck), nil] {
            let (client, upstream) = connect()
            guard let upstream else {
                Issue.record("no connection was made")
                return
            }
            if let says {
                harness.say(says, from: upstream)
            } else {
                harness.turn(.hungUp(upstream))
            }
            let isDenied = harness.isDenied(client)
            #expect(isDenied)
            #expect(upstreams == [])
            harness.pass(.seconds(1))
            #expect(!harness.isConnected(client))
        }
        #expect(harness.broker.status(at: harness.now).upstream?.refusals == 2)
    }

    @Test mutating func `is denied where the nucleus says nothing for eight seconds`() {
        let (client, _) = connect()
        harness.pass(.milliseconds(7_900))
        #expect(harness.heard(by: client) == [])
        harness.pass(.milliseconds(200))
        let isDenied = harness.isDenied(client)
        #expect(isDenied)
        #expect(upstreams == [])
        #expect(harness.broker.status(at: harness.now).upstream?.refusals == 1)
    }

    @Test mutating func `is denied where the nucleus does not say its name`() throws {
        let (client, upstream) = connect(place: Place(unit: nil))
        harness.say(Self.acceptance, from: try #require(upstream))
        harness.pass(.milliseconds(8_200))
        let isDenied = harness.isDenied(client)
        #expect(isDenied)
        let message = harness.broker.status(at: harness.now).upstream?.message
        #expect(message == "the upstream did not say its name in time")
    }

    @Test mutating func `is denied where the nucleus says too much, with what to do`() throws {
        let (_, upstream) = connect(place: Place(unit: nil))
        let id = try #require(upstream)
        harness.say(Self.acceptance, from: id)
        let long = [UInt8](repeating: 0x20, count: 70_000)
        harness.say(Message(.applicationMessage, stream: 1, payload: long), from: id)
        let advice = "the maximum is 65536; UpstreamFrame= admits longer ones"
        #expect(harness.log.last?.text.hasSuffix(advice) == true)
    }

    @Test mutating func `waits while the nucleus's queue is full`() throws {
        harness.host.upstream?.isBusy = true
        let (client, _) = connect()
        harness.pass(.seconds(2))
        #expect(harness.heard(by: client) == [])
        harness.host.upstream?.isBusy = false
        harness.pass(.milliseconds(50))
        harness.say(Self.acceptance, from: try #require(upstreams.first))
        #expect(harness.heard(by: client) == [.connected])
    }

    @Test mutating func `that ends while it waits leaves nothing at the nucleus`() {
        let (client, upstream) = connect()
        harness.hangUp(client)
        #expect(upstream != nil && upstreams == [])
        harness.host.upstream?.isBusy = true
        harness.hangUp(connect().client)
        harness.host.upstream?.isBusy = false
        harness.pass(.seconds(10))
        #expect(upstreams == [])
        #expect(harness.broker.peerCount == 0)
    }

    @Test mutating func `with a name or no token needs no nucleus`() {
        for request in [ConnectRequest(authToken: camera), ConnectRequest()] {
            let (client, upstream) = connect(request)
            #expect(upstream == nil)
            #expect(harness.heard(by: client) == [.connected])
        }
    }

    @Test mutating func `that asks for a token, as recipe-runner, is told where to set the path`() {
        let (client, upstream) = connect(ConnectRequest(componentName: camera))
        #expect(upstream == nil)
        let isDenied = harness.isDenied(client)
        #expect(isDenied)
        #expect(harness.log.contains { $0.text.contains("under Setenv, and not in its unit") })
        let elsewhere = Place(unit: "till.service")
        let (other, _) = connect(ConnectRequest(componentName: camera), place: elsewhere)
        #expect(harness.heard(by: other) == [.connected])
    }

    private static let places: [(unit: String?, name: String)] = [
        ("greengrass.service", "greengrass/" + camera),
        ("session-2.scope", camera),
        (nil, camera),
    ]

    @Test(arguments: places)
    mutating func `outside a component's unit has the name that the nucleus gives`(
        unit: String?,
        name: String
    ) throws {
        let (client, upstream) = connect(place: Place(unit: unit))
        let id = try #require(upstream)
        _ = harness.heard(byUpstream: id)
        harness.say(Self.acceptance, from: id)
        #expect(harness.heard(by: client) == [])
        let asked = try #require(harness.heard(byUpstream: id).first)
        #expect((asked.operation, asked.stream) == ("aws.greengrass#GetConfiguration", 1))
        let payload = Array(#"{"componentName": "\#(camera)", "value": {}}"#.utf8)
        harness.say(Message(.applicationMessage, stream: 1, payload: payload), from: id)
        #expect(harness.heard(by: client) == [.connected])
        #expect(harness.broker.status(at: harness.now).components.map(\.component) == [name])
    }

    @Test mutating func `numbers its streams without gaps at both ends`() throws {
        let (client, id) = try accepted()
        request(client, "SubscribeToComponentUpdates", 1)
        request(client, "DeferComponentUpdate", 2)
        request(client, "PublishToTopic", 3)
        let heard = harness.heard(byUpstream: id)
        #expect(heard.map(\.stream) == [1, 2])
        #expect(heard.last?.operation == "aws.greengrass#PublishToTopic")
    }

    @Test mutating func `may send requests before it is accepted`() throws {
        let (client, upstream) = connect()
        let id = try #require(upstream)
        request(client, "PublishToTopic", 1)
        harness.say(Self.acceptance, from: id)
        #expect(harness.heard(byUpstream: id).map(\.type) == [.connect, .applicationMessage])
        #expect(harness.heard(by: client) == [.connected])
    }

    @Test mutating func `has each call ended that the nucleus leaves open`() throws {
        let (client, id) = try accepted()
        let update = harness.ask(client, .updateState, payload: [])
        let payload = Array("{}".utf8)
        harness.say(Message(.applicationMessage, stream: 1, payload: payload), from: id)
        let answer = ClientConnection.Event.response(
            stream: update,
            payload: payload,
            isLast: true
        )
        #expect(harness.heard(by: client) == [answer])
        harness.say(Message(.applicationMessage, stream: 1, payload: payload), from: id)
        #expect(harness.heard(by: client) == [], "what comes after the end is dropped")
    }

    @Test mutating func `that the nucleus ends is closed, and its deferral holds`() throws {
        let (client, id) = try accepted()
        harness.ask(client, .subscribeToComponentUpdates, SubscribeRequest())
        _ = harness.announce()
        harness.answer(client, "d-1", 60_000)
        harness.turn(.hungUp(id))
        #expect(!harness.isConnected(client))
        harness.pass(.seconds(59))
        let blocker = harness.broker.status(at: harness.now).updates.first?.blockedBy
        #expect(blocker == [camera])
        #expect(harness.broker.status(at: harness.now).upstream?.losses == 1)
        harness.pass(.seconds(7))
        #expect(harness.broker.status(at: harness.now).updates.first?.blockedBy == [])
    }

    @Test mutating func `counts twice among those of its account`() throws {
        _ = try accepted()
        let usage = harness.broker.status(at: harness.now).accounts.first { $0.uid == 0 }
        #expect(usage?.connections.used == 2)
    }
}
