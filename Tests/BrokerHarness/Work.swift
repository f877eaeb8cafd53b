// SPDX-License-Identifier: Apache-2.0

internal import ReprieveBroker

/// What a broker was given, and what it had done below its performer.
package struct Work: Hashable, Sendable {
    /// Bytes that peers sent.
    package var received = 0
    /// Pieces in which they arrived, and ends of connections.
    package var pieces = 0
    /// Bytes that peers took.
    package var sent = 0
    /// Writes to a peer's socket.
    package var writes = 0
    /// Bytes written to the journal and to the state file.
    package var stored = 0
    /// Entries of the log that were kept, and status lines.
    package var logged = 0

    package init() {}
}

extension Work {
    mutating func note(_ input: Broker.Input) {
        switch input {
        case .received(let bytes, _):
            received += bytes.count
            pieces += 1
        case .hungUp: pieces += 1
        default: break
        }
    }

    /// What was added to an earlier reading.
    package func since(_ earlier: Work) -> Work {
        var work = self
        work.received -= earlier.received
        work.pieces -= earlier.pieces
        work.sent -= earlier.sent
        work.writes -= earlier.writes
        work.stored -= earlier.stored
        work.logged -= earlier.logged
        return work
    }
}
