// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// The process that connected, as the kernel recorded it at `connect()`. It may have ended since.
package struct PeerCredentials: Equatable, Sendable {
    package let process: Int32
    package let user: UInt32
    package let group: UInt32
}

extension StreamSocket {
    package func peerCredentials() throws(SystemError) -> PeerCredentials {
        var found = reprieve_peer_credentials()
        try check(reprieve_peer_credentials(descriptor, &found), "ask for the peer's credentials")
        return PeerCredentials(process: found.process, user: found.user, group: found.group)
    }
}
