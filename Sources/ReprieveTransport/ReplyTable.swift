// SPDX-License-Identifier: Apache-2.0

/// The continuations that wait for replies, by the number of their stream; 0 is the handshake.
///
/// Arrays, since there are few, and a dictionary would load code that costs a component memory.
struct ReplyTable {
    private var streams: [Int32] = []
    private(set) var continuations: [Replies.Continuation] = []

    var count: Int { streams.count }

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
        guard let index = streams.firstIndex(of: stream) else { return nil }
        streams.remove(at: index)
        return continuations.remove(at: index)
    }
}
