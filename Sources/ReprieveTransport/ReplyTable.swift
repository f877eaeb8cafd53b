// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// The continuations that wait for replies, by the number of their stream; 0 is the handshake.
///
/// Arrays, since there are few, and a dictionary would load code that costs a component memory.
struct ReplyTable {
    private var streams: [Int32] = []
    private(set) var continuations: [Replies.Continuation] = []
    /// Of those whose first reply is to come in time.
    private var limits: [ReplyLimit] = []

    var count: Int { streams.count }

    /// The limit that ends first.
    var nextLimit: ReplyLimit? { limits.min { $0.deadline < $1.deadline } }

    subscript(stream: Int32) -> Replies.Continuation? {
        get { streams.firstIndex(of: stream).map { continuations[$0] } }
        set {
            _ = removeValue(forKey: stream)
            guard let newValue else { return }
            streams.append(stream)
            continuations.append(newValue)
        }
    }

    mutating func removeValue(forKey stream: Int32) -> Replies.Continuation? {
        removeLimit(of: stream)
        guard let index = streams.firstIndex(of: stream) else { return nil }
        streams.remove(at: index)
        return continuations.remove(at: index)
    }

    mutating func setLimit(_ limit: ReplyLimit) {
        limits.append(limit)
    }

    /// The reply has come.
    mutating func removeLimit(of stream: Int32) {
        limits.removeAll { $0.stream == stream }
    }
}

/// When the first reply of a stream is due. Only time awake counts, since the broker is suspended,
/// too.
struct ReplyLimit {
    let stream: Int32
    let deadline: SuspendingClock.Instant
    let timeout: Duration
    /// At the deadline the connection fails. Without an operation only the stream ends.
    let operation: Operation?

    init(_ stream: Int32, _ operation: Operation? = nil, within timeout: Duration) {
        self.stream = stream
        self.operation = operation
        self.timeout = timeout
        deadline = .now + timeout
    }
}
