// SPDX-License-Identifier: Apache-2.0

import EventStream
import ReprieveProtocol
import Testing

/// Both ends of a connection, without a wire.
private struct Pair {
    var client = ClientConnection()
    var server = ServerConnection()

    mutating func toServer(_ bytes: [UInt8]) throws -> ServerConnection.Event? {
        server.receive(try Self.frame(bytes))
    }

    mutating func toClient(_ bytes: [UInt8]) throws -> ClientConnection.Event? {
        client.receive(try Self.frame(bytes))
    }

    mutating func connect() throws {
        _ = try toServer(client.connect(ConnectRequest(authToken: "a.b")))
        _ = try toClient(server.accept())
    }

    private static func frame(_ bytes: [UInt8]) throws -> Frame {
        var decoder = FrameDecoder()
        decoder.append(bytes)
        return try #require(try decoder.next())
    }
}

@Suite("Both ends of a connection") struct PairTests {
    private var pair = Pair()

    @Test mutating func `agree on who is accepted`() throws {
        _ = try pair.toServer(pair.client.connect(ConnectRequest()))
        #expect(try pair.toClient(pair.server.accept()) == .connected)
    }

    @Test mutating func `agree on who is denied`() throws {
        _ = try pair.toServer(pair.client.connect(ConnectRequest()))
        #expect(try pair.toClient(pair.server.deny()) == .denied(reason: nil))
    }

    @Test mutating func `denial says why`() throws {
        let frame = pair.server.deny(because: "its token is not known")
        #expect(try pair.toClient(frame) == .denied(reason: "its token is not known"))
    }

    @Test mutating func `agree on the end of a call`() throws {
        try pair.connect()
        let (stream, frame) = pair.client.request(.deferComponentUpdate, [])
        #expect(
            try pair.toServer(frame)
                == .request(stream: 1, .deferComponentUpdate, payload: [])
        )
        let answer = try pair.toClient(pair.server.respond(stream, Array("{}".utf8)))
        #expect(answer == .response(stream: 1, payload: Array("{}".utf8), isLast: true))
        #expect(pair.client.openStreams.isEmpty)
    }

    @Test mutating func `tell the response from the events that follow it`() throws {
        try pair.connect()
        let (stream, frame) = pair.client.request(.gateUpdate, [])
        _ = try pair.toServer(frame)
        let empty = Array("{}".utf8)
        let response = try pair.toClient(pair.server.respond(stream, empty))
        #expect(response == .response(stream: 1, payload: empty, isLast: false))
        let event = try pair.toClient(pair.server.send(stream, empty))
        #expect(event == .event(stream: 1, payload: empty, isLast: false))
        let last = try pair.toClient(pair.server.send(stream, empty, isLast: true))
        #expect(last == .event(stream: 1, payload: empty, isLast: true))
        #expect(pair.client.openStreams.isEmpty)
    }

    @Test mutating func `agree on errors`() throws {
        try pair.connect()
        let (stream, frame) = pair.client.request(.completeUpdate, [])
        _ = try pair.toServer(frame)
        let error = ErrorShape(
            .resourceNotFound,
            "there is no update",
            resourceType: "Update",
            resourceName: "d"
        )
        let event = try pair.toClient(pair.server.fail(stream, error))
        #expect(event == .failed(stream: 1, error))
    }

    @Test mutating func `may both end a stream at the same time`() throws {
        try pair.connect()
        let (stream, frame) = pair.client.request(.gateUpdate, [])
        _ = try pair.toServer(frame)
        let last = pair.server.send(stream, Array("{}".utf8), isLast: true)
        let end = pair.client.close(stream) ?? []
        #expect(try pair.toServer(end) == nil)
        #expect(try pair.toClient(last) == nil)
        #expect(pair.client.close(stream) == nil)
    }

    @Test mutating func `part when one breaks the protocol`() throws {
        try pair.connect()
        let second = pair.client.connect(ConnectRequest())
        guard case .violation(let bytes, _)? = try pair.toServer(second) else {
            Issue.record("a second CONNECT was taken")
            return
        }
        let event = try pair.toClient(bytes)
        #expect(event == .broken(reason: "a second CONNECT"))
    }

    @Test mutating func `a client trusts no stream that it never opened`() throws {
        try pair.connect()
        let stray = Message(.applicationMessage, stream: 9, payload: [1]).encoded()
        #expect(
            try pair.toClient(stray)
                == .broken(reason: "a message on stream 9, which was never opened")
        )
    }
}
