// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

private let camera = "com.example.Camera"
private let empty = Array("{}".utf8)

/// A broker beside a nucleus, whose service manager keeps connections.
@Suite("A connection to the upstream that outlives its broker") struct KeptUpstreamTests {
    private var harness = BrokerHarness {
        $0.keepsConnections = true
        $0.upstream = UpstreamSettings(socket: "/run/nucleus", largestFrame: 10_012)
    }

    init() { harness.host.upstream = SimulatedUpstream() }

    /// A client that the nucleus has accepted, and its connection there.
    private mutating func accepted() throws -> (client: PeerID, upstream: PeerID) {
        let client = harness.connectThroughUpstream(camera)
        let upstream = try #require(harness.upstreams.last)
        harness.say(
            Message(.connectAck, flags: Message.Flags.connectionAccepted),
            from: upstream
        )
        _ = (harness.heard(by: client), harness.heard(byUpstream: upstream))
        harness.awaitKeeping()
        return (client, upstream)
    }

    private mutating func request(_ client: PeerID, _ name: String, _ stream: Int32) {
        let message = Message(
            .applicationMessage,
            stream: stream,
            operation: "aws.greengrass#" + name,
            payload: empty
        )
        harness.sendBytes(message.encoded(), from: client)
    }

    private mutating func say(_ upstream: PeerID, _ stream: Int32, _ payload: [UInt8] = empty) {
        let message = Message(.applicationMessage, stream: stream, payload: payload)
        harness.say(message, from: upstream)
    }

    private func accounted() -> Int64? {
        harness.broker.status(at: harness.now).accounts.first { $0.uid == BrokerHarness.user }?
            .connections.used
    }

    @Test mutating func `goes on with its streams, and numbers the next one without a gap`() throws
    {
        let (client, upstream) = try accepted()
        let updates = harness.ask(client, .subscribeToComponentUpdates, SubscribeRequest())
        let call = harness.ask(client, .updateState, payload: [])
        _ = (harness.heard(by: client), harness.heard(byUpstream: upstream))
        for _ in 0..<10 { harness.restart() }
        #expect(harness.upstreams == [upstream])
        #expect(accounted() == 2)
        say(upstream, 2)
        let answer = ClientConnection.Event.response(stream: call, payload: empty, isLast: true)
        #expect(harness.heard(by: client) == [answer])
        _ = harness.announce()
        #expect(harness.heard(by: client).compactMap(\.notice).count == 1)
        harness.answer(client, "d-1", 0)
        harness.restart()
        request(client, "PublishToTopic", 4)
        #expect(harness.heard(byUpstream: upstream).map(\.stream) == [3])
        harness.close(client, updates)
        #expect(harness.heard(byUpstream: upstream).map(\.stream) == [1])
    }

    @Test mutating func `passes on the events of a subscription, and its end`() throws {
        let (client, upstream) = try accepted()
        request(client, "SubscribeToTopic", 1)
        say(upstream, 1)
        harness.restart()
        say(upstream, 1)
        harness.restart()
        let end = Message(.applicationMessage, flags: Message.Flags.terminateStream, stream: 1)
        harness.sendBytes(end.encoded(), from: client)
        #expect(harness.heard(byUpstream: upstream).map(\.stream) == [1, 1])
        request(client, "PublishToTopic", 2)
        #expect(harness.heard(byUpstream: upstream).map(\.stream) == [2])
    }

    @Test mutating func `passes on the answer to an update that the nucleus has announced`() throws
    {
        let (client, upstream) = try accepted()
        _ = harness.ask(client, .subscribeToComponentUpdates, SubscribeRequest())
        say(upstream, 1)
        harness.restart()
        let notice = PreUpdateEvent(deploymentID: "n-1", disruption: .nucleus)
        say(upstream, 1, ComponentEvent.preUpdate(notice).encoded())
        #expect(harness.heard(by: client).compactMap(\.notice).map(\.deploymentID) == ["n-1"])
        _ = harness.heard(byUpstream: upstream)
        harness.restart()
        _ = harness.announce()
        harness.answer(client, "n-1", 0)
        let answers = harness.heard(byUpstream: upstream)
        #expect(answers.map(\.operation) == ["aws.greengrass#DeferComponentUpdate"])
    }

    @Test mutating func `ends with that of its client, and the other way round`() throws {
        let (client, upstream) = try accepted()
        harness.restart(losing: [client])
        #expect(harness.upstreams == [])
        let (second, other) = try accepted()
        harness.restart(losing: [other])
        #expect(!harness.isConnected(second) && !harness.isConnected(client))
        #expect(upstream != other)
        #expect(accounted() == nil)
    }

    @Test mutating func `that the nucleus has ended meanwhile ends its client's`() throws {
        let (client, upstream) = try accepted()
        harness.restart()
        harness.turn(.hungUp(upstream))
        #expect(!harness.isConnected(client))
        #expect(harness.broker.status(at: harness.now).upstream?.losses == 1)
    }

    @Test mutating func `goes on in the middle of a frame where the broker ends in good order`()
        throws
    {
        let (client, upstream) = try accepted()
        _ = harness.ask(client, .updateState, payload: [])
        _ = harness.heard(byUpstream: upstream)
        let answer = Message(.applicationMessage, stream: 1, payload: empty).encoded()
        harness.turn(.received(Array(answer.prefix(20)), from: upstream))
        harness.host.upstream?.connections[upstream]?.room = 30
        request(client, "PublishToTopic", 2)
        harness.stopAndStart()
        harness.turn(.received(Array(answer.dropFirst(20)), from: upstream))
        #expect(harness.heard(by: client).count == 1)
        harness.host.upstream?.connections[upstream]?.room = nil
        harness.turn(.writable(upstream))
        #expect(harness.heard(byUpstream: upstream).map(\.stream) == [2])
    }

    @Test mutating func `ends where the broker dies in the middle of a frame of the nucleus`()
        throws
    {
        let (client, upstream) = try accepted()
        let event = Message(.applicationMessage, stream: 1, payload: empty).encoded()
        harness.turn(.received(Array(event.prefix(20)), from: upstream))
        harness.restart()
        #expect(!harness.isConnected(client))
        #expect(harness.upstreams == [])
    }

    @Test mutating func `costs the same for each request, however many wait for the nucleus`()
        throws
    {
        let (client, upstream) = try accepted()
        let stored = harness.host.work.stored
        for stream in 1...64 as ClosedRange<Int32> { request(client, "PublishToTopic", stream) }
        let first = harness.host.work.stored - stored
        for stream in 65...900 as ClosedRange<Int32> { request(client, "PublishToTopic", stream) }
        #expect(harness.host.work.stored - stored < 2 * first)
        for stream in 1...836 as ClosedRange<Int32> { say(upstream, stream) }
        harness.restart()
        #expect(harness.isConnected(client))
        request(client, "PublishToTopic", 901)
        #expect(harness.heard(byUpstream: upstream).map(\.stream).last == 901)
    }

    @Test mutating func `ends with its broker where more than 64 streams are open`() throws {
        let (client, _) = try accepted()
        for stream in 1...65 as ClosedRange<Int32> { request(client, "SubscribeToTopic", stream) }
        harness.restart()
        #expect(!harness.isConnected(client))
        #expect(harness.upstreams == [])
    }

    @Test(arguments: [nil, "/run/another"])
    mutating func `ends where the next broker is to have another upstream`(socket: String?) throws {
        let (client, _) = try accepted()
        harness.restart { settings in
            settings.upstream = socket.map { UpstreamSettings(socket: $0, largestFrame: 10_012) }
        }
        #expect(!harness.isConnected(client))
        #expect(harness.upstreams == [])
    }
}
