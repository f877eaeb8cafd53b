// SPDX-License-Identifier: Apache-2.0

package import EventStream
internal import StrictJSON

/// The client's end of a connection to the upstream, as a value. It carries the requests of one
/// client that this broker does not serve: their frames pass with other stream numbers, and are
/// otherwise as they arrived.
///
///     CONNECT ──CONNECT_ACK──► accepted ──a frame that makes no sense──► broken
///        └──CONNECT_ACK without its flag──► denied
package struct UpstreamConnection: Hashable, Sendable {
    /// What a frame from the upstream means.
    package enum Event: Hashable, Sendable {
        case accepted
        case denied
        /// What the upstream calls the client; nil where it does not say.
        case named(ComponentName?)
        /// A frame for the client.
        case forward([UInt8])
        /// An update of the upstream's, and the frame that tells the client of it: pass it on, or
        /// defer.
        case announced(update: String, [UInt8])
        /// The end of one, and the frame that tells the client of it.
        case ended(update: String, [UInt8])
        /// A frame for the upstream.
        case reply([UInt8])
        case broken(reason: String)
    }

    /// Bytes of the longest frame that the upstream takes.
    package let largestFrame: Int
    /// Follows the rules of stream 0.
    private var connection = ClientConnection()
    package internal(set) var streams = ForwardedStreams()
    /// The updates that the upstream has announced to the client, the latest last.
    package internal(set) var announced: [String] = []
    var announcements = 0

    package init(largestFrame: Int) { self.largestFrame = largestFrame }

    /// A connection that the upstream has accepted from an earlier broker.
    package init(resuming streams: ForwardedStreams, announced: [String], largestFrame: Int) {
        self.init(largestFrame: largestFrame)
        connection = ClientConnection(resuming: ())
        self.streams = streams
        self.announced = announced
    }

    /// How often something changed that another broker has to know.
    package var changes: Int { streams.changes + announcements }
}

// MARK: - To the upstream

extension UpstreamConnection {
    /// The first frame: with the client's own token.
    package func connect(token: String) -> [UInt8] {
        connection.connect(ConnectRequest(authToken: token))
    }

    /// Asks for the client's configuration, with which the upstream names it.
    package mutating func askName() -> [UInt8]? {
        request("aws.greengrass#GetConfiguration", of: 0, .name)
    }

    /// Passes on a request. It throws the error that answers a request which the upstream would
    /// hang up on.
    package mutating func request(
        _ frame: Frame,
        _ operation: String,
        of client: Int32
    ) throws(ErrorShape) -> [UInt8] {
        try check(frame)
        let number = try open(for: client, .init(of: operation))
        return frame.encoded(replacing: [(HeaderName.streamID, number)])
    }

    mutating func open(
        for client: Int32,
        _ kind: ForwardedStreams.Kind
    ) throws(ErrorShape) -> Int32 {
        guard streams.count < Limits.forwardedStreams, let number = streams.open(for: client, kind)
        else {
            let text = "\(streams.count) requests wait for the upstream, which is the maximum"
            throw ErrorShape(.serviceError, text)
        }
        return number
    }

    /// Passes on a further message of a stream. Nil where the stream is not open any more.
    package mutating func more(
        _ frame: Frame,
        of client: Int32
    ) throws(ErrorShape) -> [UInt8]? {
        guard let stream = streams.stream(ofClient: client) else { return nil }
        try check(frame)
        if frame.terminates { streams.close(stream.number) }
        return frame.encoded(replacing: [(HeaderName.streamID, stream.number)])
    }

    private func check(_ frame: Frame) throws(ErrorShape) {
        guard frame.encodedLength <= largestFrame else { throw tooLong(frame.encodedLength) }
        guard frame.hasOnlyCommonHeaders else {
            let text = "the upstream takes no other headers than int32 and string"
            throw ErrorShape(.serviceError, text)
        }
    }

    func tooLong(_ length: Int) -> ErrorShape {
        let text = "the request has \(length) bytes, and the upstream takes no more than "
        return ErrorShape(.serviceError, text + "\(largestFrame)")
    }

    /// Ends the client's stream at the upstream, too. Nil where it is not open there.
    package mutating func close(_ client: Int32) -> [UInt8]? {
        guard let stream = streams.stream(ofClient: client) else { return nil }
        streams.close(stream.number)
        let flags = Message.Flags.terminateStream
        return Message(.applicationMessage, flags: flags, stream: stream.number).encoded()
    }

    /// A request of ours on a new stream. Nil where there are no more.
    mutating func request(
        _ operation: String,
        of client: Int32,
        _ kind: ForwardedStreams.Kind
    ) -> [UInt8]? {
        let number = streams.open(for: client, kind)
        return number.map { request(operation, on: $0, Empty().encoded()) }
    }

    func request(_ operation: String, on number: Int32, _ payload: [UInt8]) -> [UInt8] {
        Message(
            .applicationMessage,
            stream: number,
            operation: operation,
            model: operation + "Request",
            payload: payload
        ).encoded()
    }
}

// MARK: - From the upstream

extension UpstreamConnection {
    /// Nil if the frame changes nothing, such as an event on a stream that was closed meanwhile.
    package mutating func receive(_ frame: Frame) -> Event? {
        guard let stream = frame.int32(HeaderName.streamID),
            let flags = frame.int32(HeaderName.messageFlags),
            let type = frame.int32(HeaderName.messageType).map(MessageType.init(rawValue:))
        else { return .broken(reason: "a frame without the headers of a message") }
        if stream == 0 { return receiveOnConnection(frame) }
        guard type == .applicationMessage || type == .applicationError else {
            return .broken(reason: "a message of the connection on stream \(stream)")
        }
        guard stream > 0, stream <= streams.latest else {
            return .broken(reason: "a message on stream \(stream), which was never opened")
        }
        return streams[stream].flatMap {
            receive(frame, on: $0, flags, isError: type == .applicationError)
        }
    }

    private mutating func receiveOnConnection(_ frame: Frame) -> Event? {
        switch connection.receive(frame) {
        case .connected: .accepted
        case .denied: .denied
        case .reply(let frame): .reply(frame)
        case .broken(let reason): .broken(reason: reason)
        case .response, .event, .failed, .ended, nil: nil
        }
    }

    /// Greengrass Lite does not end a call with its response; a client would keep the stream.
    private mutating func receive(
        _ frame: Frame,
        on stream: ForwardedStreams.Stream,
        _ flags: Int32,
        isError: Bool
    ) -> Event? {
        let end = Message.Flags.terminateStream
        let isOver = isError || flags & end != 0 || stream.kind == .call || stream.kind == .name
        if isOver { streams.close(stream.number) } else { streams.noteResponse(on: stream.number) }
        switch stream.kind {
        case .call, .stream:
            let frame = isError ? frame.withErrorMessage : frame
            return .forward(renumbered(frame, to: stream.client, isOver ? flags | end : flags))
        case .name: return .named(isError ? nil : Self.name(in: frame.payload))
        case .notices:
            // The client has had its response from here, and its subscription here goes on.
            guard stream.hasResponse, !isError else { return nil }
            let payload = frame.payload
            guard !payload.isEmpty else { return nil }
            let passedOn = renumbered(frame, to: stream.client, flags & ~end)
            let event = try? JSON(decoding: payload)
            if let update = event?.update(of: "preUpdateEvent") {
                return .announced(update: update, passedOn)
            }
            guard let update = event?.update(of: "postUpdateEvent") else {
                return .forward(passedOn)
            }
            forget(update)
            return .ended(update: update, passedOn)
        }
    }

    private func renumbered(_ frame: Frame, to client: Int32, _ flags: Int32) -> [UInt8] {
        frame.encoded(
            replacing: [(HeaderName.streamID, client), (HeaderName.messageFlags, flags)]
        )
    }

    /// Of the response to GetConfiguration, which names the component that asked.
    private static func name(in payload: [UInt8]) -> ComponentName? {
        let json = try? JSON(decoding: payload, limits: .ofConfiguration)
        return (try? json?.string("componentName")).flatMap { isClaim($0) ? $0 : nil }
    }
}

extension JSON {
    /// The id in an event of the upstream's, whatever else it says.
    fileprivate func update(of event: String) -> String? {
        try? object(event)?.string("deploymentId")
    }
}

extension ForwardedStreams.Kind {
    /// In Greengrass all operations with events are called SubscribeTo, and no others.
    init(of operation: String) {
        let name = operation.split(separator: "#").last ?? ""
        self = name.hasPrefix("SubscribeTo") ? .stream : .call
    }
}

extension Frame {
    fileprivate var terminates: Bool {
        (int32(HeaderName.messageFlags) ?? 0) & Message.Flags.terminateStream != 0
    }
}
