// SPDX-License-Identifier: Apache-2.0

internal import EventStream
internal import Negotiation
internal import ReprieveProtocol
internal import Tokens

/// One connection: who it is, what half has arrived, what waits to leave.
struct Peer: Sendable {
    let door: Door
    let credentials: Credentials
    /// Empty on the control socket, where nobody needs a name.
    var name: ComponentName = ""
    /// The digest of the token that proved the name, if one did.
    var token: SHA256?
    var decoder: FrameDecoder
    var connection = ServerConnection()
    var outbox = Outbox()

    init(_ door: Door, _ credentials: Credentials) {
        self.door = door
        self.credentials = credentials
        self.decoder = FrameDecoder(limits: door == .control ? .fromCoordinator : .fromComponent)
    }
}

extension Door {
    /// Bytes that may wait for a peer.
    var outboxLimit: Int {
        self == .control ? Limits.controlOutbox : Limits.componentOutbox
    }
}

/// Bytes that wait until a peer's socket takes them. The common one frame is not copied.
struct Outbox: Sendable {
    private var bytes: [UInt8] = []
    /// How many of them have left.
    private var offset = 0

    var count: Int { bytes.count - offset }

    var isEmpty: Bool { count == 0 }

    mutating func append(_ frame: [UInt8]) {
        if isEmpty {
            bytes = frame
            offset = 0
            return
        }
        if offset > bytes.count / 2 {
            bytes.removeFirst(offset)
            offset = 0
        }
        bytes += frame
    }

    /// Offers what waits to `write`, which says how many bytes it took.
    mutating func drain(_ write: (Span<UInt8>) -> Int) {
        guard !isEmpty else { return }
        offset += write(bytes.span.extracting(offset...))
        guard isEmpty else { return }
        bytes = []
        offset = 0
    }
}
