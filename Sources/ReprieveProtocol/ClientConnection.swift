// SPDX-License-Identifier: Apache-2.0

package import EventStream

/// The client's end of one connection, as a value. `connect()` is what it says first; then each
/// frame that arrives has a meaning, and requests can be made once it is `connected`.
package struct ClientConnection: Hashable, Sendable {
    /// What a frame from the broker means.
    package enum Event: Hashable, Sendable {
        case connected
        /// Nil for a broker that does not say why.
        case denied(reason: String?)
        /// The response to a request. It ends a call; a stream's events follow it.
        case response(stream: Int32, payload: [UInt8], isLast: Bool)
        case event(stream: Int32, payload: [UInt8], isLast: Bool)
        case failed(stream: Int32, ErrorShape)
        /// The broker ended a stream without a word.
        case ended(stream: Int32)
        case reply([UInt8])
        /// What arrived makes no sense, or the broker says that ours does not: hang up.
        case broken(reason: String)
    }

    private struct Stream: Hashable, Sendable {
        var number: Int32
        var hasResponse = false
    }

    private var isConnected = false
    private var latestStream: Int32 = 0
    private var streams: [Stream] = []

    package init() {}

    /// A connection that was accepted, with no stream.
    init(resuming: Void) { isConnected = true }

    package var openStreams: [Int32] { streams.map(\.number) }

    /// No request awaits its response.
    package var isAnswered: Bool { streams.allSatisfy(\.hasResponse) }
}

extension ClientConnection {
    package func connect(_ request: ConnectRequest) -> [UInt8] {
        Message(.connect, version: "0.1.0", payload: request.encoded()).encoded()
    }

    /// The number under which a ping is answered, which no stream has.
    package static let pingStream: Int32 = -1

    /// Asks for a sign of life, which comes after everything that the broker has said by then.
    package func ping() -> [UInt8] {
        Message(.ping).encoded()
    }

    /// Opens a stream for a request. Its number stands in whatever answers it.
    package mutating func request(
        _ operation: Operation,
        _ payload: [UInt8]
    ) -> (stream: Int32, frame: [UInt8]) {
        latestStream += 1
        streams.append(Stream(number: latestStream))
        let message = Message(
            .applicationMessage,
            stream: latestStream,
            operation: operation.rawValue,
            model: operation.requestModel,
            payload: payload
        )
        return (latestStream, message.encoded())
    }

    /// Ends a stream from this side. Nil if it has ended already.
    package mutating func close(_ stream: Int32) -> [UInt8]? {
        guard streams.contains(where: { $0.number == stream }) else { return nil }
        streams.removeAll { $0.number == stream }
        return Message(
            .applicationMessage,
            flags: Message.Flags.terminateStream,
            stream: stream
        ).encoded()
    }

    /// Nil if the frame changes nothing, such as an event on a stream that was closed meanwhile.
    package mutating func receive(_ frame: Frame) -> Event? {
        let message: Message
        do { message = try Message(decoding: frame) } catch {
            return .broken(reason: error.message)
        }
        return message.stream == 0 ? receiveOnConnection(message) : receiveOnStream(message)
    }

    private mutating func receiveOnConnection(_ message: Message) -> Event? {
        switch message.type {
        case .connectAck where !isConnected:
            isConnected = message.flags & Message.Flags.connectionAccepted != 0
            return isConnected ? .connected : .denied(reason: message.complaint)
        case .ping: return .reply(Message(.pingResponse, payload: message.payload).encoded())
        case .pingResponse: return .response(stream: Self.pingStream, payload: [], isLast: true)
        case .protocolError, .internalError:
            return .broken(reason: message.complaint ?? "the broker reports an error")
        default: return .broken(reason: "the broker sent what only a client sends")
        }
    }

    private mutating func receiveOnStream(_ message: Message) -> Event? {
        guard 1...max(1, latestStream) ~= message.stream else {
            return .broken(reason: "a message on stream \(message.stream), which was never opened")
        }
        guard let index = streams.firstIndex(where: { $0.number == message.stream }) else {
            return nil
        }
        let isResponse = !streams[index].hasResponse
        streams[index].hasResponse = true
        if message.terminates { streams.remove(at: index) }
        return meaning(of: message, isResponse: isResponse)
    }

    private mutating func meaning(of message: Message, isResponse: Bool) -> Event? {
        let stream = message.stream
        switch message.type {
        case .applicationError:
            streams.removeAll { $0.number == stream }
            return .failed(
                stream: stream,
                ErrorShape(decoding: message.payload, model: message.model)
            )
        case .applicationMessage where message.payload.isEmpty && message.terminates:
            return .ended(stream: stream)
        case .applicationMessage where isResponse:
            return .response(
                stream: stream,
                payload: message.payload,
                isLast: message.terminates
            )
        case .applicationMessage:
            return .event(stream: stream, payload: message.payload, isLast: message.terminates)
        default: return .broken(reason: "a message of the connection on stream \(stream)")
        }
    }
}

extension Message {
    /// What its sender says is wrong.
    fileprivate var complaint: String? {
        payload.isEmpty ? nil : (try? Complaint(decoding: payload))?.message
    }
}
