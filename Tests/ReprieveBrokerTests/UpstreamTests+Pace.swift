// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

// How fast each side of a connection to the upstream is read.

extension UpstreamTests {
    /// Forty requests for the nucleus, each with ten around it that this broker refuses.
    private static func burst(first: Int32) -> [UInt8] {
        (1...440).flatMap { stream in
            request(stream % 11 == first ? "PublishToTopic" : "DeferComponentUpdate", stream)
        }
    }

    @Test mutating func `that floods a nucleus which does not read is read no more`() throws {
        let (client, id) = try accepted()
        harness.host.upstream?.connections[id]?.room = 0
        for stream in 1...400 as ClosedRange<Int32> { request(client, "PublishToTopic", stream) }
        #expect(harness.clients[client]?.isPaused == true)
        let bytes = harness.broker.status(at: harness.now).accounts.first { $0.uid == 0 }?.bytes
        #expect(try #require(bytes).used < 40_000)
        harness.host.upstream?.connections[id]?.room = nil
        harness.turn(.writable(id))
        // Whatever it had written meanwhile is read now.
        harness.limitReading(client, to: nil)
        harness.sendBytes([], from: client)
        let heard = harness.heard(byUpstream: id).map(\.stream)
        #expect(heard == Array(1...400))
        #expect(harness.clients[client]?.isPaused == false)
    }

    @Test(arguments: [0, 1] as [Int32])
    mutating func `may send in one go what this broker and the nucleus answer`(
        first: Int32
    ) throws {
        let (client, id) = try accepted()
        harness.sendBytes(Self.burst(first: first), from: client)
        #expect(harness.heard(byUpstream: id).count == 40)
        request(client, "PublishToTopic", 441)
        #expect(harness.heard(byUpstream: id).count == 1)
    }

    @Test(arguments: [0, 1] as [Int32])
    mutating func `that breaks the protocol has sent each of its requests once`(
        first: Int32
    ) throws {
        let (client, _) = try accepted()
        let noFrame = [UInt8](repeating: 0xFF, count: 16)
        harness.sendBytes(Self.burst(first: first) + noFrame, from: client)
        let heard = try #require(harness.host.upstream?.heardBeforeClose)
        #expect(heard.count == 40 && heard.map(\.stream) == Array(1...40))
    }

    @Test mutating func `whose nucleus does not read for half a minute is closed`() throws {
        let (client, id) = try accepted()
        harness.host.upstream?.connections[id]?.room = 0
        for stream in 1...400 as ClosedRange<Int32> { request(client, "PublishToTopic", stream) }
        harness.pass(.seconds(31))
        #expect(!harness.isConnected(client))
        #expect(harness.log.last { $0.level == .warning }?.text.contains("does not read") == true)
    }

    @Test mutating func `has a time for each of its frames and for each of the nucleus's`() throws {
        let (client, id) = try accepted()
        let ping = Message(.ping).encoded()
        harness.turn(.received(Array(ping.prefix(5)), from: id))
        var rest: [UInt8] = []
        for stream in 1...4 as ClosedRange<Int32> {
            let frame = Self.request("PublishToTopic", stream)
            harness.sendBytes(rest + frame.prefix(20), from: client)
            rest = Array(frame.dropFirst(20))
            harness.pass(.seconds(7))
        }
        #expect(harness.heard(byUpstream: id).count == 3)
        harness.pass(.seconds(3))
        #expect(!harness.isConnected(client))
        let text = harness.log.last { $0.level == .warning }?.text
        #expect(text?.contains("the upstream sent part of a frame") == true)
    }

    @Test mutating func `whose nucleus reads slowly goes on`() throws {
        let (client, id) = try accepted()
        harness.host.upstream?.connections[id]?.room = 0
        for stream in 1...400 as ClosedRange<Int32> { request(client, "PublishToTopic", stream) }
        for _ in 0..<6 {
            harness.pass(.seconds(20))
            harness.host.upstream?.connections[id]?.room = 20
            harness.turn(.writable(id))
        }
        let isStillConnected = harness.isConnected(client)
        #expect(isStillConnected)
    }

    @Test mutating func `that does not read holds up its nucleus`() throws {
        let (client, id) = try accepted()
        request(client, "SubscribeToTopic", 1)
        harness.limitReading(client, to: 0)
        let event = Message(
            .applicationMessage,
            stream: 1,
            payload: [UInt8](repeating: 0x20, count: 1_000)
        )
        for _ in 0..<40 { harness.say(event, from: id) }
        #expect(harness.host.upstream?.connections[id]?.isPaused == true)
        harness.limitReading(client, to: nil)
        #expect(harness.host.upstream?.connections[id]?.isPaused == false)
        #expect(harness.isConnected(client))
    }
}
