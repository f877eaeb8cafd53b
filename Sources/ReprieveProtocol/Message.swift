// SPDX-License-Identifier: Apache-2.0

package import EventStream

/// The kinds of message of event-stream RPC, by their number on the wire.
package enum MessageType: Int32, Hashable, Sendable {
    case applicationMessage = 0
    case applicationError = 1
    case ping = 2
    case pingResponse = 3
    case connect = 4
    case connectAck = 5
    case protocolError = 6
    case internalError = 7
}

/// A frame whose meaning is known. Its layout: `Protocol/README.md`.
package struct Message: Hashable, Sendable {
    package enum Flags {
        /// Only in CONNECT_ACK.
        package static let connectionAccepted: Int32 = 1
        package static let terminateStream: Int32 = 2
    }

    package var type: MessageType
    package var flags: Int32
    package var stream: Int32
    /// Names the request on a new stream.
    package var operation: String?
    /// The shape of the payload: `service-model-type`.
    package var model: String?
    /// Only in CONNECT.
    package var version: String?
    package var payload: [UInt8]

    package init(
        _ type: MessageType,
        flags: Int32 = 0,
        stream: Int32 = 0,
        operation: String? = nil,
        model: String? = nil,
        version: String? = nil,
        payload: [UInt8] = []
    ) {
        self.type = type
        self.flags = flags
        self.stream = stream
        self.operation = operation
        self.model = model
        self.version = version
        self.payload = payload
    }

    package var terminates: Bool { flags & Flags.terminateStream != 0 }
}

/// Why a frame is no message.
package struct MessageError: Error, Hashable, Sendable {
    package let message: String
}

extension Message {
    package init(decoding frame: Frame) throws(MessageError) {
        try self.init(request: frame)
        model = frame.string(HeaderName.model)
    }

    /// What a client says. The model of a request follows from its operation, and is not looked at.
    init(request frame: Frame) throws(MessageError) {
        let type = try frame.required(HeaderName.messageType)
        guard let known = MessageType(rawValue: type) else {
            throw MessageError(message: "message type \(type) is unknown")
        }
        self.init(
            known,
            flags: try frame.required(HeaderName.messageFlags),
            stream: try frame.required(HeaderName.streamID),
            operation: frame.string(HeaderName.operation),
            version: known == .connect ? frame.string(HeaderName.version) : nil,
            payload: frame.payload
        )
    }

    package var frame: Frame {
        var headers: [Header] = []
        headers.reserveCapacity(6)
        if let version { headers.append(Header(HeaderName.version, .string(version))) }
        if !payload.isEmpty, type.carriesJSON {
            headers.append(Header(HeaderName.contentType, .string("application/json")))
        }
        if let model { headers.append(Header(HeaderName.model, .string(model))) }
        headers.append(Header(HeaderName.messageType, .int32(type.rawValue)))
        headers.append(Header(HeaderName.messageFlags, .int32(flags)))
        headers.append(Header(HeaderName.streamID, .int32(stream)))
        if let operation { headers.append(Header(HeaderName.operation, .string(operation))) }
        return Frame(headers: headers, payload: payload)
    }

    package func encoded() -> [UInt8] { frame.encoded() }
}

extension MessageType {
    fileprivate var carriesJSON: Bool {
        switch self {
        case .applicationMessage, .applicationError, .protocolError, .internalError: true
        case .ping, .pingResponse, .connect, .connectAck: false
        }
    }
}

enum HeaderName {
    static let messageType = ":message-type"
    static let messageFlags = ":message-flags"
    static let streamID = ":stream-id"
    static let version = ":version"
    static let contentType = ":content-type"
    static let model = "service-model-type"
    static let operation = "operation"
}

extension Frame {
    fileprivate func required(_ name: String) throws(MessageError) -> Int32 {
        guard let value = int32(name) else {
            throw MessageError(message: "the header \(name) is missing or no int32")
        }
        return value
    }
}
