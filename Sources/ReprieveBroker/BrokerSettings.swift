// SPDX-License-Identifier: Apache-2.0

package import Negotiation
package import Tokens

/// What the broker works with.
package struct BrokerSettings: Sendable {
    /// The user that the broker runs as: its own processes may say who they are.
    package var user: UInt32
    package var tokens = TokenList()
    /// What a request leaves out.
    package var policy = Policy()
    package var negotiation = Settings()
    /// Connections at once, and of one user. Beyond it a new one is closed at once.
    package var maximumPeers = 8_192
    package var maximumPeersOfUser = 4_096
    package var history = HistoryLimits()
    /// Whether a shutdown waits for its gate.
    package var delaysShutdown = true
    /// Whether a shutdown is refused while a deferral stands.
    package var blocksShutdown = false
    /// Which boot this is, as the kernel calls it.
    package var boot = ""

    package init(user: UInt32) {
        self.user = user
    }
}
