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

/// Frames that wait until a peer's socket takes them. The common one frame costs no allocation.
struct Outbox: Sendable {
    private var first: [UInt8] = []
    private var rest: [[UInt8]] = []
    /// How much of `first` has left.
    private var offset = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func append(_ frame: [UInt8]) {
        count += frame.count
        if first.isEmpty { first = frame } else { rest.append(frame) }
    }

    /// Offers what waits to `write`, which says how many bytes it took; stops when it takes fewer
    /// than it was offered.
    mutating func drain(_ write: (Span<UInt8>) -> Int) {
        while !first.isEmpty {
            let offered = first.count - offset
            let taken = write(first.span.extracting(offset...))
            count -= taken
            offset += taken
            guard taken == offered else { return }
            next()
        }
    }

    private mutating func next() {
        offset = 0
        first = rest.isEmpty ? [] : rest.removeFirst()
        if rest.isEmpty { rest = [] }
    }
}
