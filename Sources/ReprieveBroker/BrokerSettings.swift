// SPDX-License-Identifier: Apache-2.0

package import Negotiation
package import Tokens

/// The settings of a broker.
package struct BrokerSettings: Sendable {
    /// The user that the broker runs as. A claim of this user's processes is believed.
    package var user: UInt32
    package var tokens = TokenList()
    /// Holds where a request leaves something out.
    package var policy = Policy()
    package var negotiation = Settings()
    /// Connections at the component socket. Beyond it a new one is closed at once.
    package var maximumPeers = 8_192
    /// Of these, connections of other users than the broker's own.
    package var maximumPeersOfOthers = 6_144
    /// What an account of the broker's own user may use, and any account at the control socket.
    package var ownLimits = AccountLimits(
        connections: 4_096,
        handshakes: 1_024,
        bytes: 64 * 1_024 * 1_024
    )
    /// What an account of another user may use.
    package var otherLimits = AccountLimits(
        connections: 256,
        handshakes: 64,
        bytes: 1_024 * 1_024
    )
    package var history = HistoryLimits()
    /// Whether a shutdown waits for its gate.
    package var delaysShutdown = true
    /// Whether a shutdown is refused while a deferral stands.
    package var blocksShutdown = false
    /// The kernel's id of this boot.
    package var boot = ""

    package init(user: UInt32) {
        self.user = user
    }
}
