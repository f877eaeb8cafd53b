// SPDX-License-Identifier: Apache-2.0

/// How many connections there may be, and what those of one account may use.
package struct ConnectionLimits: Hashable, Sendable {
    /// Connections at the component socket. Beyond it a new one is closed at once.
    package var componentConnections = 8_192
    /// Connections that the service manager keeps for the next broker. Further ones end with this
    /// broker. The broker's own user has half, other users have a quarter. Of the rest each account
    /// has a 64th of all.
    package var keptConnections = 1_023
    /// What an account of another user than the broker's may use.
    package var account = AccountLimits(
        connections: 256,
        handshakes: 64,
        bytes: 1_024 * 1_024
    )
    /// What an account of the broker's own user may use, and any account at the control socket.
    package var ownAccount = AccountLimits(
        connections: 4_096,
        handshakes: 1_024,
        bytes: 64 * 1_024 * 1_024
    )

    package init() {}

    /// Connections at the component socket of other users than the broker's own, which keeps the
    /// rest for itself.
    package var componentConnectionsOfOthers: Int { componentConnections * 3 / 4 }

    /// These limits in a process that can have so many connections of components. An account gets a
    /// quarter of them at most.
    package func capped(to room: Int) -> Self {
        var limits = self
        limits.componentConnections = min(componentConnections, max(2, room))
        let share = max(1, limits.componentConnections / 4)
        limits.account.connections = min(account.connections, share)
        return limits
    }
}

/// What the connections of one account may use together.
package struct AccountLimits: Hashable, Sendable {
    /// Connections. A further one is closed at once.
    package var connections: Int
    /// Connections that are not accepted yet. A further one is closed at once.
    package var handshakes: Int
    /// Bytes that the broker keeps for them: of frames that are not whole, and of frames that are
    /// not read. The connection that needs more is closed.
    package var bytes: Int

    package init(connections: Int, handshakes: Int, bytes: Int) {
        self.connections = connections
        self.handshakes = handshakes
        self.bytes = bytes
    }
}
