// SPDX-License-Identifier: Apache-2.0

internal import EventStream
internal import Negotiation
internal import ReprieveProtocol
internal import Tokens

/// One connection: its identity, the bytes of a frame that is not whole yet, and its outbox.
///
/// What is asked of it at each frame is mutating, so that a peer is read where it stands: it is
/// large to copy.
struct Peer: Sendable {
    let endpoint: Endpoint
    // Flags take no room here.
    var isAccepted = false
    /// Its socket is full: it takes nothing until it is writable again.
    var isStalled = false
    /// Nothing more is read of it: it has sent frames that wait until it has read.
    var isPaused = false
    /// Bytes to write were noted for this step.
    var awaitsWrite = false
    /// The service manager keeps it.
    var isKept = false
    let credentials: Credentials
    /// The place of its account.
    let account: Int
    /// The bytes that its account is charged for.
    var chargedBytes = 0
    /// When it is closed: it is in its handshake, owes the rest of a frame, has to read, or to
    /// close first.
    var closeDeadline: Instant?
    /// Empty on the control socket, where a connection needs no name.
    var name: ComponentName = ""
    /// The digest of the token that proved the name, if one did.
    var token: SHA256?
    var decoder = FrameDecoder(limits: .beforeAccepted)
    var connection = ServerConnection()
    var outbox = Outbox()
    /// What its record in the journal is of; nil where it has none.
    var recorded: RecordedState?
    /// The connection to the upstream that carries its other requests.
    var upstream: PeerID?
    /// Bytes of the longest frame that passes between it and the upstream.
    var largestForwarded = 0

    init(_ endpoint: Endpoint, _ credentials: Credentials, account: Int) {
        self.endpoint = endpoint
        self.credentials = credentials
        self.account = account
    }

    /// The limits of its frames once it is accepted.
    var frameLimits: FrameLimits {
        var limits = endpoint == .control ? FrameLimits.fromCoordinator : .fromComponent
        limits.maximumFrame = max(limits.maximumFrame, largestForwarded)
        return limits
    }

    var label: PeerLabel { PeerLabel(name: name, credentials: credentials) }

    /// Bytes of a frame that is not whole, and those that its full socket does not take.
    var keptBytes: Int {
        mutating get { decoder.byteCount + (isStalled ? outbox.count : 0) }
    }

    /// It has sent bytes that are not handled: part of a frame, or frames that wait.
    var hasInput: Bool {
        mutating get { decoder.hasPartialFrame }
    }

    /// So many bytes wait for it that none of its frames is handled before it has read some.
    var hasToRead: Bool {
        mutating get { outbox.count >= Limits.waitingReplies }
    }

    /// Bytes that may wait for it while its socket is full.
    var outboxLimit: Int {
        endpoint == .control ? Limits.controlOutbox : Limits.componentOutbox + largestForwarded
    }
}

/// Bytes that wait until a peer's socket takes them. The common one frame is not copied.
struct Outbox: Sendable {
    private var bytes: [UInt8] = []
    /// How many of them have left.
    private var offset = 0

    var count: Int { bytes.count - offset }

    var isEmpty: Bool { count == 0 }

    var waitingBytes: [UInt8] { Array(bytes[offset...]) }

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

    func withBytes(_ body: (Span<UInt8>) -> Int) -> Int {
        body(bytes.span.extracting(offset...))
    }

    /// So many bytes have left.
    mutating func drop(_ count: Int) {
        offset += count
        guard isEmpty else { return }
        bytes = []
        offset = 0
    }
}
