// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol
internal import Tokens

/// The identity of a connection: `Protocol/security.md`, "Names".
enum Identity: Hashable, Sendable {
    /// `token` is the digest of the token that proved it, if one did.
    case component(ComponentName, token: SHA256?)
    /// On the control socket, where only the socket file's permissions count.
    case unnamed
    case denied(reason: String)

    init(
        claiming request: ConnectRequest?,
        at endpoint: Endpoint,
        _ peer: Credentials,
        _ settings: BrokerSettings
    ) {
        guard let request else {
            self = .denied(reason: "its CONNECT is not of version 0.1.0, or no JSON")
            return
        }
        if let digest = request.authToken.flatMap(Token.init)?.digest,
            let name = settings.tokens.component(of: digest)
        {
            self = .component(name, token: digest)
            return
        }
        let claim = Claim(request)
        // At the control socket a connection needs no name, and gets one only if it claims one.
        guard endpoint == .components || claim != .nothing else {
            self = .unnamed
            return
        }
        self = Self.named(claim, peer, broker: settings.user)
        if endpoint == .control, case .denied = self { self = .unnamed }
    }

    /// Of a client that the upstream has accepted: by its service, where a name from the upstream
    /// counts as a claim; else as the upstream names it.
    init(
        namedByUpstream name: ComponentName?,
        _ peer: Credentials,
        _ settings: BrokerSettings
    ) {
        self = Self.named(name.map(Claim.name) ?? .nothing, peer, broker: settings.user)
        if case .denied = self, let name { self = .component(name, token: nil) }
    }

    /// By the service of its process, else by its claim: the second rule and the third.
    private static func named(_ claim: Claim, _ peer: Credentials, broker: UInt32) -> Self {
        if case .malformed(let name) = claim {
            return .denied(reason: "\(quoted(name)) cannot be a component's name")
        }
        if let unit = UnitName(peer.place, broker: broker) {
            if let name = unit.name(claiming: claim.name) { return .component(name, token: nil) }
            return .denied(reason: "its name, with that of its unit, is too long")
        }
        if let reason = whyNotBelieved(peer, broker: broker) { return .denied(reason: reason) }
        guard let name = claim.name else { return .denied(reason: "it claims no component name") }
        return .component(name, token: nil)
    }

    /// Why the claim of a process outside all services is not believed; nil if it is.
    private static func whyNotBelieved(_ peer: Credentials, broker: UInt32) -> String? {
        if peer.place.hasExited { return "its process has ended, and nothing tells whose it was" }
        if peer.place.isUnknown { return "its process could not be looked up, and it has no token" }
        if peer.place.isContained { return "it runs in a container, where only a token names it" }
        guard peer.user != broker else { return nil }
        let unit = peer.place.unit.map { quoted($0) + ", which is " } ?? ""
        return "it runs in \(unit)no service, and its uid is not the broker's, \(broker)"
    }
}

extension ConnectRequest {
    /// Whether it has a token. Greengrass gives out others, which are not meant for this broker.
    var hasToken: Bool { authToken.flatMap(Token.init) != nil }

    /// Whether it has an `authToken` that cannot be meant as a name.
    var hasAuthToken: Bool {
        guard let authToken, !authToken.isEmpty else { return false }
        return !(authToken.contains(".") && isClaim(authToken))
    }
}

/// The name that a connection claims.
private enum Claim: Equatable {
    case name(ComponentName)
    case malformed(String)
    case nothing

    /// `componentName`, else an `authToken` that is a name with a dot in it: a random token is
    /// never taken for a name.
    init(_ request: ConnectRequest) {
        if let name = request.componentName {
            self = isClaim(name) ? .name(name) : .malformed(name)
        } else if let token = request.authToken, token.contains("."), isClaim(token) {
            self = .name(token)
        } else {
            self = .nothing
        }
    }

    var name: ComponentName? {
        if case .name(let name) = self { name } else { nil }
    }
}

extension ConnectRequest {
    /// A token that is no name, from a client that does not know of this broker.
    var foreignToken: String? {
        guard componentName == nil, let authToken, !authToken.isEmpty, Claim(self) == .nothing
        else { return nil }
        return authToken
    }

    /// It has a name and no token, and would get one from Greengrass Lite.
    var asksForToken: Bool { componentName != nil && authToken == nil }
}
