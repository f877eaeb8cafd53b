// SPDX-License-Identifier: Apache-2.0

package import Negotiation
package import ReprieveProtocol
package import Tokens

/// The settings of a broker.
package struct BrokerSettings: Sendable {
    /// The user that the broker runs as. A claim of this user's processes is believed.
    package var user: UInt32
    package var tokens = TokenList()
    /// Where the tokens come from, for the status; nil where they come from no file.
    package var tokensFile: TokensFileShape?
    /// Holds where a request leaves something out.
    package var policy = Policy()
    package var negotiation = Settings()
    package var limits = ConnectionLimits()
    package var history = HistoryLimits()
    /// Nil where there is none: then all requests are served here.
    package var upstream: UpstreamSettings?
    /// Whether a shutdown waits for its gate.
    package var delaysShutdown = true
    /// Whether a shutdown is refused while a deferral stands.
    package var blocksShutdown = false
    /// The service manager keeps connections for the next broker.
    package var keepsConnections = false
    /// The kernel's id of this boot.
    package var boot = ""

    package init(user: UInt32) {
        self.user = user
    }
}

/// The broker that serves what is not served here.
package struct UpstreamSettings: Hashable, Sendable {
    package var socket: String
    /// Bytes of the longest frame that it takes.
    package var largestFrame: Int

    package init(socket: String, largestFrame: Int) {
        self.socket = socket
        self.largestFrame = largestFrame
    }
}
