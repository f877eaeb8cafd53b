// SPDX-License-Identifier: Apache-2.0

/// One connection to the broker.
package struct PeerID: Hashable, Comparable, Sendable {
    package var number: UInt64

    package init(_ number: UInt64) {
        self.number = number
    }

    package static func < (one: PeerID, other: PeerID) -> Bool {
        one.number < other.number
    }
}

/// One stream of one connection: a subscription, a coordinator, or a call that awaits its reply.
package struct StreamID: Hashable, Comparable, Sendable {
    package var peer: PeerID
    package var number: Int32

    package init(_ peer: PeerID, _ number: Int32) {
        self.peer = peer
        self.number = number
    }

    package static func < (one: StreamID, other: StreamID) -> Bool {
        (one.peer, one.number) < (other.peer, other.number)
    }
}
