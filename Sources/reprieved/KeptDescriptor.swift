// SPDX-License-Identifier: Apache-2.0

import Glibc
import Negotiation
import ReprieveBroker
import Systemd

/// The descriptor of a connection that the service manager has kept. Its name is its socket's and
/// the peer's number: "components-16777217".
struct KeptDescriptor {
    let peer: PeerID
    let endpoint: Endpoint
    let descriptor: Int32

    /// Nil for a descriptor with another name.
    init?(_ inherited: InheritedDescriptor) {
        let parts = inherited.name.split(separator: "-")
        guard parts.count == 2, let number = UInt64(parts[1]),
            let endpoint = Endpoint(name: parts[0])
        else { return nil }
        peer = PeerID(number)
        self.endpoint = endpoint
        descriptor = inherited.number
    }

    static func name(of peer: PeerID, at endpoint: Endpoint) -> String {
        "\(endpoint.name)-\(peer.number)"
    }

    /// Ends the connection.
    func discard() {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }
}

extension Endpoint {
    /// The name of its socket: `FileDescriptorName=`.
    fileprivate var name: String {
        switch self {
        case .components: "components"
        case .control: "control"
        }
    }

    fileprivate init?(name: Substring) {
        switch name {
        case "components": self = .components
        case "control": self = .control
        default: return nil
        }
    }
}
