// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol

/// Who a connection is: `Protocol/README.md`, "Names".
enum Identity: Hashable, Sendable {
    case component(ComponentName)
    /// On the control socket, where the file's permissions are all that counts.
    case unnamed
    case denied(reason: String)

    init(claiming request: ConnectRequest?, at door: Door, _ peer: Credentials, broker: UInt32) {
        guard let request else {
            self = .denied(reason: "its CONNECT is not of version 0.1.0, or no JSON")
            return
        }
        let claim = Self.claim(request)
        if let claim, peer.user == broker {
            self = .component(claim)
        } else if door == .control {
            self = .unnamed
        } else if claim == nil {
            self = .denied(reason: "it claims no component name")
        } else {
            self = .denied(reason: "its uid \(peer.user) is not the broker's, \(broker)")
        }
    }

    /// `componentName`, else an `authToken` that is a name with a dot in it: a random token is
    /// never taken for a name.
    private static func claim(_ request: ConnectRequest) -> ComponentName? {
        if let name = request.componentName { return isClaim(name) ? name : nil }
        guard let token = request.authToken, token.contains("."), isClaim(token) else { return nil }
        return token
    }
}
