// SPDX-License-Identifier: Apache-2.0

import Glibc
import Negotiation
import ReprieveBroker
import Systemd

/// The descriptor of a connection that the service manager has kept.
struct KeptDescriptor {
    /// Whose connection it is, and its peer's number: its name for the service manager.
    struct Name {
        enum Role {
            case client(Endpoint)
            case upstream(of: PeerID)
        }

        let role: Role
        let peer: PeerID

        /// "components-16777217", or "upstream-16777217-33554434" with the client's number first.
        var text: String {
            switch role {
            case .client(let endpoint): "\(endpoint.name)-\(peer.number)"
            case .upstream(let client): "\(Self.upstream)-\(client.number)-\(peer.number)"
            }
        }

        private static let upstream = "upstream"
    }

    let name: Name
    let descriptor: Int32

    var peer: PeerID { name.peer }

    /// Nil for a descriptor with another name.
    init?(_ inherited: InheritedDescriptor) {
        guard let name = Name(inherited.name) else { return nil }
        self.name = name
        descriptor = inherited.number
    }

    /// Ends the connection.
    func discard() {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }
}

extension KeptDescriptor.Name {
    fileprivate init?(_ text: String) {
        let parts = text.split(separator: "-")
        let numbers = parts.dropFirst().compactMap { UInt64($0).map(PeerID.init) }
        guard let word = parts.first, let peer = numbers.last, numbers.count == parts.count - 1
        else { return nil }
        if word == Self.upstream, numbers.count == 2 {
            role = .upstream(of: numbers[0])
        } else if let endpoint = Endpoint(name: word), numbers.count == 1 {
            role = .client(endpoint)
        } else {
            return nil
        }
        self.peer = peer
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
