// SPDX-License-Identifier: Apache-2.0

package import EventStream

/// The broker's end of one connection, as a value: what each frame means and what may be sent.
///
///     awaitingConnect ──CONNECT──► connecting ──accept──► open ──violation──► closing
///            │                         └──────deny──────────────────────────────▲
///            └──anything else──────────────────────────────────────────────────┘
///
/// `closing` means that the last frame is sent and the client is expected to close first: a
/// server that closes in the same instant makes clients lose the reason.
package struct ServerConnection: Hashable, Sendable {
    package enum Phase: Hashable, Sendable {
        case awaitingConnect
        case connecting
        case open
        case closing
    }

    /// What a frame means to the broker.
    package enum Event: Hashable, Sendable {
        /// The client wants in: `accept` or `deny` it. Nil if what it says makes no sense.
        case connect(ConnectRequest?)
        /// A request on a new stream: answer it with `respond` or `fail`.
        case request(stream: Int32, Operation, payload: [UInt8])
        /// A frame for the upstream: a request that is not served here; or, without an operation,
        /// more on the stream of one.
        case forward(stream: Int32, operation: String?)
        /// A stream ended from the client's side; send it the reply, if there is one.
        case closed(stream: Int32, Operation, reply: [UInt8])
        /// Nothing to decide, only this to send.
        case reply([UInt8])
        /// The client broke the protocol: send this, and close when the client has.
        case violation([UInt8], reason: String)
    }

    /// A request that is not over: a call without its response, or a stream of events.
    package struct Stream: Hashable, Sendable {
        package var number: Int32
        package var operation: Operation

        package init(number: Int32, _ operation: Operation) {
            self.number = number
            self.operation = operation
        }
    }

    package private(set) var phase = Phase.awaitingConnect
    /// Whether an upstream serves the operations that are not served here.
    package var hasUpstream = false
    /// Calls that an earlier broker served are not counted in `latestStream`.
    private var mayHaveGap = false
    package private(set) var latestStream: Int32 = 0
    package private(set) var streams: [Stream] = []
    /// How often a stream of events was opened or closed.
    package private(set) var changes = 0

    package init() {}

    /// A connection that an earlier broker had accepted, with the streams that were open then.
    package init(resuming streams: [Stream], latest: Int32, hasUpstream: Bool) {
        phase = .open
        latestStream = streams.map(\.number).reduce(latest, max)
        mayHaveGap = true
        self.streams = streams
        self.hasUpstream = hasUpstream
    }

    /// The operation of an open stream.
    package func operation(of stream: Int32) -> Operation? {
        streams.first { $0.number == stream }?.operation
    }
}

// MARK: - What the client says

extension ServerConnection {
    /// Nil if the frame changes nothing.
    package mutating func receive(_ frame: Frame) -> Event? {
        guard phase != .closing else { return nil }
        let message: Message
        do { message = try Message(request: frame) } catch { return violate(error.message) }
        return message.stream == 0
            ? receiveOnConnection(message, frame) : receiveOnStream(message)
    }

    /// Ends the connection over bytes that are no frame.
    package mutating func receive(_ error: FrameError) -> Event {
        violate(error.message)
    }

    private mutating func receiveOnConnection(_ message: Message, _ frame: Frame) -> Event? {
        switch (message.type, phase) {
        case (.connect, .awaitingConnect): return connect(message)
        case (.connect, _): return violate("a second CONNECT")
        case (_, .awaitingConnect): return violate("the first message is not CONNECT")
        case (.ping, _): return .reply(pong(frame))
        case (.pingResponse, _): return nil
        case (.protocolError, _), (.internalError, _):
            phase = .closing
            return .violation([], reason: "the client reports an error of ours")
        case (.applicationMessage, _), (.applicationError, _):
            return violate("an operation on stream 0, which is the connection's own")
        case (.connectAck, _): return violate("CONNECT_ACK is the broker's to send")
        }
    }

    private mutating func connect(_ message: Message) -> Event {
        phase = .connecting
        guard let request = try? ConnectRequest(decoding: message.payload, limits: .ofConnect),
            Self.isKnown(version: message.version)
        else { return .connect(nil) }
        return .connect(request)
    }

    /// Three numbers, compared as numbers: 0.1.0 is what all SDKs speak.
    private static func isKnown(version: String?) -> Bool {
        let parts = (version ?? "").utf8
            .split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.allSatisfy({ part in part.allSatisfy { 0x30...0x39 ~= $0 } }) else {
            return false
        }
        return parts.map { UInt8(Substring($0)) } == [0, 1, 0]
    }

    private func pong(_ frame: Frame) -> [UInt8] {
        var answer = FrameWriter()
        Message(.pingResponse).begin(&answer)
        for header in frame.headers where !header.name.hasPrefix(":") { answer.header(header) }
        answer.end(payload: frame.payload)
        return answer.bytes
    }

    private mutating func receiveOnStream(_ message: Message) -> Event? {
        guard phase == .open else { return violate("the first message is not CONNECT") }
        let number = message.stream
        guard message.type == .applicationMessage || message.type == .applicationError else {
            return violate("a message of the connection on stream \(number)")
        }
        if number > 0, number <= latestStream { return receiveAgain(message) }
        guard latestStream < .max, number == latestStream + 1 || mayHaveGap && number > 0 else {
            return violate("stream \(number) where \(Int64(latestStream) + 1) comes next")
        }
        guard message.type == .applicationMessage else {
            return violate("an error on stream \(number), which is not open")
        }
        latestStream = number
        // A request that ends its own stream asks for nothing. It may also be the late end of a
        // call that an earlier broker served.
        if message.terminates { return nil }
        mayHaveGap = false
        return open(message)
    }

    private mutating func open(_ message: Message) -> Event {
        let number = message.stream
        guard let name = message.operation else {
            let text = "the request names no operation"
            return .reply(failure(number, ErrorShape(.serviceError, text)))
        }
        if hasUpstream, Operation(rawValue: name)?.isForwarded ?? true {
            return .forward(stream: number, operation: name)
        }
        guard let operation = Operation(rawValue: name) else {
            let text = "operation \(quoted(name)) is not supported"
            return .reply(failure(number, ErrorShape(.serviceError, text)))
        }
        guard streams.count < Limits.openStreams else {
            let text = "\(streams.count) streams are open, the maximum is \(Limits.openStreams)"
            return .reply(failure(number, ErrorShape(.serviceError, text)))
        }
        streams.append(Stream(number: number, operation))
        if operation.isStream { changes += 1 }
        return .request(stream: number, operation, payload: message.payload)
    }

    /// A further message on a stream that was opened before.
    private mutating func receiveAgain(_ message: Message) -> Event? {
        guard let operation = operation(of: message.stream) else {
            if hasUpstream { return .forward(stream: message.stream, operation: nil) }
            // Both sides may end a stream at the same time.
            return message.terminates ? nil : violate("stream \(message.stream) is closed")
        }
        close(message.stream)
        let error = ErrorShape(.serviceError, "the stream takes no further messages")
        let reply = message.terminates ? [] : failure(message.stream, error)
        return .closed(stream: message.stream, operation, reply: reply)
    }

    private mutating func violate(_ reason: String) -> Event {
        phase = .closing
        let payload = Complaint(message: reason).encoded()
        return .violation(Message(.protocolError, payload: payload).encoded(), reason: reason)
    }

    private mutating func close(_ stream: Int32) {
        guard let index = streams.firstIndex(where: { $0.number == stream }) else { return }
        if streams.remove(at: index).operation.isStream { changes += 1 }
    }
}

// MARK: - What the broker says

extension ServerConnection {
    /// `although` is what the client should know: it was not understood as it was meant.
    package mutating func accept(although text: String? = nil) -> [UInt8] {
        phase = .open
        return Self.connectAck(Message.Flags.connectionAccepted, text)
    }

    /// Denial is an answer too. The client closes first.
    package mutating func deny(because reason: String? = nil) -> [UInt8] {
        phase = .closing
        return Self.connectAck(0, reason)
    }

    private static func connectAck(_ flags: Int32, _ text: String?) -> [UInt8] {
        let payload = text.map { Complaint(message: $0).encoded() } ?? []
        return Message(.connectAck, flags: flags, payload: payload).encoded()
    }

    /// The response to a request. It ends a call, and opens a stream for events.
    package mutating func respond(_ stream: Int32, _ payload: [UInt8]) -> [UInt8] {
        guard let operation = takeRequest(stream) else { return [] }
        return Self.response(to: operation, stream, payload)
    }

    /// Takes the request that a response on a stream answers, which ends a call. Nil if none waits.
    package mutating func takeRequest(_ stream: Int32) -> Operation? {
        guard let operation = operation(of: stream) else { return nil }
        if !operation.isStream { close(stream) }
        return operation
    }

    /// The frame that responds to a request.
    package static func response(
        to operation: Operation,
        _ stream: Int32,
        _ payload: [UInt8]
    ) -> [UInt8] {
        Message(
            .applicationMessage,
            flags: operation.isStream ? 0 : Message.Flags.terminateStream,
            stream: stream,
            model: operation.responseModel,
            payload: payload
        ).encoded()
    }

    /// An event on a stream; the last one ends it.
    package mutating func send(
        _ stream: Int32,
        _ payload: [UInt8],
        isLast: Bool = false
    ) -> [UInt8] {
        guard let model = operation(of: stream)?.eventModel else { return [] }
        if isLast { close(stream) }
        return Message(
            .applicationMessage,
            flags: isLast ? Message.Flags.terminateStream : 0,
            stream: stream,
            model: model,
            payload: payload
        ).encoded()
    }

    package mutating func fail(_ stream: Int32, _ error: ErrorShape) -> [UInt8] {
        close(stream)
        return failure(stream, error)
    }

    private func failure(_ stream: Int32, _ error: ErrorShape) -> [UInt8] {
        Message(
            .applicationError,
            flags: Message.Flags.terminateStream,
            stream: stream,
            model: error.model,
            payload: error.encoded()
        ).encoded()
    }
}
