// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// Who connected, as the kernel noted it when they did. The process may be gone by now.
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
