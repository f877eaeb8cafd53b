// SPDX-License-Identifier: Apache-2.0

package import Negotiation

/// All clocks of the machine, read together, so that no caller can forget one.
package struct Reading: Hashable, Sendable {
    /// The time since boot, asleep or awake (`CLOCK_BOOTTIME`).
    package var now: Instant
    /// How much of that the machine was suspended.
    package var asleep: Duration
    /// What the wall clock would have said at boot, since 1970.
    package var wallClockAtBoot: Duration

    package init(now: Instant, asleep: Duration = .zero, wallClockAtBoot: Duration = .zero) {
        self.now = now
        self.asleep = asleep
        self.wallClockAtBoot = wallClockAtBoot
    }
}

extension Broker {
    /// Everything that can happen to a broker. What is rare is indirect, so that what is common is
    /// small.
    package enum Input: Sendable {
        indirect case connected(PeerID, Endpoint, Credentials)
        /// A connection of a user was closed before it was looked up: too many of them wait.
        case turnedAway(Endpoint, user: UInt32)
        /// Bytes that arrived, in any pieces.
        case received([UInt8], from: PeerID)
        /// The connection ended, or broke, and nothing is left to read.
        case hungUp(PeerID)
        /// The peer's socket took so many bytes of what it was offered last; fewer than all mean
        /// that it is full until `writable`.
        case wrote(Int, to: PeerID)
        /// The peer's socket takes bytes again.
        case writable(PeerID)
        /// The connection to the upstream was opened for a peer, or could not be. What happens to
        /// it comes under its own number.
        indirect case upstreamOpened(UpstreamOpening, for: PeerID)
        /// A file was written, or why it could not be.
        case stored(StoredFile, StorageFailure?)
        /// Every peer that was ready has been read: timers that are due may fire.
        case timePassed
        indirect case shutdownBegins(Shutdown)
        /// The machine does not go down after all.
        case shutdownCalledOff
        /// The operator has changed the settings.
        indirect case reconfigured(BrokerSettings)
        /// The broker is about to end in good order: what could wait is written down, too.
        case stopping
    }
}

/// How it went to open a connection to the upstream.
package enum UpstreamOpening: Hashable, Sendable {
    case opened(PeerID)
    /// The queue of its socket is full.
    case busy
    case failed(String)
}

/// Which socket a peer connected to.
package enum Endpoint: Hashable, Sendable {
    case components
    case control
}
