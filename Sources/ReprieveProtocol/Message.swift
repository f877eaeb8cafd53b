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

    package func encoded() -> [UInt8] {
        var frame = FrameWriter(capacity: Self.mostAround + textLength + payload.count)
        begin(&frame)
        frame.end(payload: payload)
        return frame.bytes
    }

    /// Begins its frame, with its headers.
    func begin(_ frame: inout FrameWriter) {
        frame.begin()
        if let version { frame.header(HeaderName.version, version) }
        if !payload.isEmpty, type.carriesJSON {
            frame.headers(of: CommonHeaders.json)
        }
        if let model { frame.header(HeaderName.model, model) }
        switch (type, flags) {
        case (.applicationMessage, 0): frame.headers(of: CommonHeaders.message)
        case (.applicationMessage, Flags.terminateStream): frame.headers(of: CommonHeaders.last)
        default: frame.headers(type, flags)
        }
        frame.header(HeaderName.streamID, stream)
        if let operation { frame.header(HeaderName.operation, operation) }
    }

    /// No frame has more bytes besides its payload and these texts.
    private static let mostAround = 192

    private var textLength: Int {
        (version?.utf8.count ?? 0) + (model?.utf8.count ?? 0) + (operation?.utf8.count ?? 0)
    }
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

/// The headers of most messages, which are made once.
private enum CommonHeaders {
    static let json = headers { $0.header(HeaderName.contentType, "application/json") }
    static let message = headers { $0.headers(.applicationMessage, 0) }
    static let last = headers { $0.headers(.applicationMessage, Message.Flags.terminateStream) }

    private static func headers(_ write: (inout FrameWriter) -> Void) -> FrameWriter {
        var headers = FrameWriter()
        write(&headers)
        return headers
    }
}

extension FrameWriter {
    fileprivate mutating func headers(_ type: MessageType, _ flags: Int32) {
        header(HeaderName.messageType, type.rawValue)
        header(HeaderName.messageFlags, flags)
    }
}

extension Frame {
    fileprivate func required(_ name: String) throws(MessageError) -> Int32 {
        guard let value = int32(name) else {
            throw MessageError(message: "the header \(name) is missing or no int32")
        }
        return value
    }
}
