// SPDX-License-Identifier: Apache-2.0

package import Negotiation

/// What a step wants done, in the order in which it is to be done: written down, connected to the
/// upstream, written to peers, no longer read from them or read again, closed, logged, shown,
/// inhibited, and then the time of the next wake-up.
package struct Effects: Sendable {
    /// Before anything else: no peer hears of what could be forgotten.
    package var storage: [StorageWrite] = []
    /// How each went comes back as `upstreamOpened`.
    package var opens: [UpstreamOpen] = []
    /// One for each peer with something to read. How many bytes were taken comes back as `wrote`.
    package var writes: [PeerWrite] = []
    package var pauses: [PeerPause] = []
    /// Each peer once, however it ended. Nothing is heard of it afterwards.
    package var closes: [PeerID] = []
    package var log: [LogEntry] = []
    /// The line for the service manager, where it has changed.
    package var statusLine: String?
    /// What the machine is to be kept from now.
    package var inhibition = Inhibition()
    /// Memory that is free may go back to the system.
    package var freesMemory = false
    /// When `timePassed` is due; nil while nothing waits.
    package var wakeUp: Instant?
}

/// A connection to the upstream that is wanted for a peer.
package struct UpstreamOpen: Hashable, Sendable {
    package var client: PeerID
    package var path: String
}

/// Bytes for one peer. They belong to its outbox until `wrote` says that they left.
package struct PeerWrite: Sendable {
    package let peer: PeerID
    private let outbox: Outbox

    init(_ peer: PeerID, _ outbox: Outbox) {
        self.peer = peer
        self.outbox = outbox
    }

    package var count: Int { outbox.count }

    /// Offers the bytes to `body`, which returns how many it took.
    package func withBytes(_ body: (Span<UInt8>) -> Int) -> Int { outbox.withBytes(body) }
}

/// Whether nothing is read of a peer, because it does not read either.
package struct PeerPause: Hashable, Sendable {
    package var peer: PeerID
    package var isPaused: Bool
}

/// The files in which a broker's promises outlive it.
package enum StoredFile: String, CaseIterable, Hashable, Sendable {
    /// All that is under way, for a broker that goes on in this boot.
    case journal
    /// The updates that were released or have ended, and the history, for the next boot as well.
    case state
}

/// A file as a broker finds it at its start. An empty one and a missing one are the same.
package struct FoundFile: Sendable {
    package var path: String
    package var bytes: [UInt8]

    package init(path: String = "", bytes: [UInt8] = []) {
        self.path = path
        self.bytes = bytes
    }
}

/// A change of a file that is to be made.
package struct StorageWrite: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// Adds a record behind what the file holds.
        case append([UInt8])
        /// Puts the snapshot of this moment in the place of what the file holds, which is kept
        /// under another name where it is not ours to lose.
        case replace(keepsOld: Bool)
    }

    package var file: StoredFile
    package var kind: Kind
}

/// Why a file could not be written.
package struct StorageFailure: Error, Hashable, Sendable {
    /// `errno`: a failure with the code of the one before is not logged again.
    package var code: Int32
    package var path: String
    package var message: String

    package init(code: Int32, path: String, message: String) {
        self.code = code
        self.path = path
        self.message = message
    }
}
