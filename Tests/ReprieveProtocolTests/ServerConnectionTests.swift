// SPDX-License-Identifier: Apache-2.0

import EventStream
import ReprieveProtocol
import StrictJSON
import Testing

@Suite("A connection at the broker's end") struct ServerConnectionTests {
    var connection = ServerConnection()

    private static let connect = Message(
        .connect,
        version: "0.1.0",
        payload: ConnectRequest(authToken: "com.example.Camera").encoded()
    )

    private static func request(
        _ stream: Int32,
        _ operation: String? = Operation.deferComponentUpdate.rawValue,
        flags: Int32 = 0
    ) -> Message {
        Message(.applicationMessage, flags: flags, stream: stream, operation: operation)
    }

    private mutating func hear(_ message: Message) -> ServerConnection.Event? {
        connection.receive(message.frame)
    }

    private mutating func open() {
        _ = hear(Self.connect)
        _ = connection.accept()
    }

    private func violation(_ event: ServerConnection.Event?) -> String? {
        if case .violation(_, let reason)? = event { reason } else { nil }
    }

    private func reply(_ event: ServerConnection.Event?) throws -> Message? {
        guard case .reply(let bytes)? = event else { return nil }
        var decoder = FrameDecoder()
        decoder.append(bytes)
        return try decoder.next().map { try Message(decoding: $0) }
    }

    @Test mutating func `CONNECT says who the client claims to be`() {
        #expect(
            hear(Self.connect) == .connect(ConnectRequest(authToken: "com.example.Camera"))
        )
    }

    @Test(arguments: ["0.1.0", "0.01.0", "00.1.00"])
    mutating func `versions are compared as numbers`(version: String) {
        var message = Self.connect
        message.version = version
        #expect(hear(message) != .connect(nil))
    }

    @Test(arguments: [nil, "", "0.2.0", "0.1", "0.1.0.0", "1", "-0.1.0", "0.1.x"])
    mutating func `another version makes no sense`(version: String?) {
        var message = Self.connect
        message.version = version
        #expect(hear(message) == .connect(nil))
    }

    @Test(arguments: ["{", "[]", #"{"authToken": 7}"#, #"{"authToken": "a"} "b""#])
    mutating func `a CONNECT that is no JSON object of texts makes no sense`(payload: String) {
        var message = Self.connect
        message.payload = Array(payload.utf8)
        #expect(hear(message) == .connect(nil))
    }

    @Test mutating func `a CONNECT without payload claims nothing`() {
        var message = Self.connect
        message.payload = []
        #expect(hear(message) == .connect(ConnectRequest()))
    }

    @Test mutating func `whatever comes before CONNECT breaks the protocol`() {
        for message in [Self.request(1), Message(.ping), Message(.connectAck)] {
            connection = ServerConnection()
            #expect(violation(hear(message)) == "the first message is not CONNECT")
            #expect(connection.phase == .closing)
        }
    }

    @Test mutating func `a second CONNECT breaks the protocol`() {
        open()
        #expect(violation(hear(Self.connect)) == "a second CONNECT")
    }

    @Test mutating func `an operation on stream 0 breaks the protocol`() {
        open()
        let reason = violation(hear(Self.request(0)))
        #expect(reason == "an operation on stream 0, which is the connection's own")
    }

    @Test mutating func `streams are counted from 1 without gaps`() {
        open()
        #expect(hear(Self.request(1)) == .request(stream: 1, .deferComponentUpdate, payload: []))
        #expect(hear(Self.request(2)) == .request(stream: 2, .deferComponentUpdate, payload: []))
        #expect(violation(hear(Self.request(4))) == "stream 4 where 3 comes next")
    }

    @Test mutating func `a negative stream breaks the protocol`() {
        open()
        #expect(violation(hear(Self.request(-1))) == "stream -1 where 1 comes next")
    }

    @Test mutating func `after the end nothing is heard any more`() {
        open()
        _ = hear(Self.connect)
        #expect(hear(Self.request(1)) == nil)
    }

    @Test mutating func `an unknown operation is an error of its stream`() throws {
        open()
        let answer = try reply(hear(Self.request(1, "aws.greengrass#PublishToTopic")))
        #expect(answer?.type == .applicationError)
        #expect(answer?.stream == 1)
        #expect(answer?.terminates == true)
        #expect(answer?.model == "aws.greengrass#ServiceError")
        #expect(connection.phase == .open)
        #expect(hear(Self.request(2)) == .request(stream: 2, .deferComponentUpdate, payload: []))
    }

    @Test mutating func `a request without an operation is an error of its stream`() throws {
        open()
        let answer = try reply(hear(Self.request(1, nil)))
        #expect(answer?.type == .applicationError)
        #expect(connection.phase == .open)
    }

    @Test mutating func `a request that ends its own stream asks for nothing`() {
        open()
        #expect(hear(Self.request(1, flags: 2)) == nil)
        #expect(hear(Self.request(2)) == .request(stream: 2, .deferComponentUpdate, payload: []))
    }

    @Test mutating func `other flags are ignored`() {
        open()
        let request = ServerConnection.Event.request(
            stream: 1,
            .deferComponentUpdate,
            payload: []
        )
        #expect(hear(Self.request(1, flags: 0x7FFF_FFFD)) == request)
    }

    @Test mutating func `a client may end its stream, and say so twice`() {
        open()
        let operation = Operation.subscribeToComponentUpdates
        _ = hear(Self.request(1, operation.rawValue))
        let end = Message(.applicationMessage, flags: 2, stream: 1)
        #expect(hear(end) == .closed(stream: 1, operation, reply: []))
        #expect(hear(end) == nil)
    }

    @Test mutating func `a further message on an open stream ends it with an error`() throws {
        open()
        let operation = Operation.subscribeToComponentUpdates
        _ = hear(Self.request(1, operation.rawValue))
        guard case .closed(1, operation, let reply)? = hear(Self.request(1)) else {
            Issue.record("the stream did not end")
            return
        }
        #expect(!reply.isEmpty)
    }

    @Test mutating func `a message on a stream that is over breaks the protocol`() {
        open()
        _ = hear(Self.request(1))
        _ = connection.respond(1, [])
        #expect(violation(hear(Self.request(1))) == "stream 1 is closed")
    }

    @Test(arguments: [0, 2] as [Int32])
    mutating func `an error that would open a stream breaks the protocol`(flags: Int32) {
        open()
        var message = Self.request(1, flags: flags)
        message.type = .applicationError
        #expect(violation(hear(message)) == "an error on stream 1, which is not open")
    }

    @Test mutating func `an error ends an open stream, and may cross the stream's own end`() {
        open()
        _ = hear(Self.request(1))
        let error = Message(.applicationError, flags: 2, stream: 1)
        #expect(hear(error) == .closed(stream: 1, .deferComponentUpdate, reply: []))
        #expect(hear(error) == nil)
    }

    @Test(arguments: [2, 3, 4, 5, 6, 7, 8, -1] as [Int32])
    mutating func `no other message opens a stream, with a flag or without`(type: Int32) {
        for flags in [0, 2] as [Int32] {
            connection = ServerConnection()
            open()
            var frame = Self.request(1, flags: flags).frame
            frame.headers.removeAll { $0.name == ":message-type" }
            frame.headers.append(Header(":message-type", .int32(type)))
            #expect(violation(connection.receive(frame)) != nil)
            #expect(connection.operation(of: 1) == nil)
        }
    }

    @Test mutating func `a stream is over after the last event and after an error`() {
        open()
        for number in 1...2 as ClosedRange<Int32> {
            _ = hear(Self.request(number, Operation.gateUpdate.rawValue))
            #expect(connection.operation(of: number) == .gateUpdate)
        }
        _ = connection.send(1, [], isLast: true)
        _ = connection.fail(2, ErrorShape(.conflict, "no"))
        #expect(connection.operation(of: 1) == nil)
        #expect(connection.operation(of: 2) == nil)
        #expect(connection.send(1, []) == [])
    }

    @Test mutating func `more open streams than allowed are an error of the stream`() throws {
        open()
        for number in 1...Int32(Limits.openStreams) {
            guard case .request? = hear(Self.request(number)) else {
                Issue.record("stream \(number) was refused")
                return
            }
        }
        let answer = try reply(hear(Self.request(Int32(Limits.openStreams) + 1)))
        #expect(answer?.type == .applicationError)
    }

    @Test mutating func `a PING is answered with its payload and its own headers`() throws {
        open()
        var frame = Message(.ping, payload: [1, 2, 3]).frame
        frame.headers.append(Header("mine", .string("yes")))
        let event = connection.receive(frame)
        guard case .reply(let bytes)? = event else {
            Issue.record("no answer")
            return
        }
        var decoder = FrameDecoder()
        decoder.append(bytes)
        let answer = try #require(try decoder.next())
        #expect(try Message(decoding: answer).type == .pingResponse)
        #expect(answer.payload == [1, 2, 3])
        #expect(answer.string("mine") == "yes")
    }

    @Test mutating func `a frame without the three headers breaks the protocol`() {
        open()
        for missing in [":message-type", ":message-flags", ":stream-id"] {
            connection = ServerConnection()
            open()
            var frame = Self.request(1).frame
            frame.headers.removeAll { $0.name == missing }
            let reason = violation(connection.receive(frame))
            #expect(reason == "the header \(missing) is missing or no int32")
        }
    }

    @Test mutating func `bytes that are no frame end the connection with the reason`() {
        open()
        let reason = violation(connection.receive(FrameError.tooShort(7)))
        #expect(reason == "a frame of 7 bytes, the minimum is 16")
    }
}

extension Message {
    /// The frame that it is encoded as.
    var frame: Frame {
        var decoder = FrameDecoder(limits: .none)
        decoder.append(encoded())
        guard let frame = try? decoder.next() else { preconditionFailure("it is one frame") }
        return frame
    }
}
