// SPDX-License-Identifier: Apache-2.0

import Systemd

/// How the descriptors that this process may have are divided.
enum DescriptorShares {
    /// For files, timers and the like, of which about twenty are open.
    private static let own = 32

    /// Descriptors that components cannot take, so that operators reach the daemon in any case:
    /// for connections to the control socket, for files and for look-ups.
    static var reserve: Int { min(32, DescriptorLimit.current / 4) }

    /// For the accounts of components: each takes one, so that its connections take turns as one.
    static var accounts: Int { min(256, DescriptorLimit.current / 16) }

    /// Connections that components can have.
    static var components: Int { DescriptorLimit.current - own - reserve - accounts }
}
