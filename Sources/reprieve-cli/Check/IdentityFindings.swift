// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// What this process is to the broker, at the component socket.
struct FoundIdentity: Hashable, Sendable {
    /// Nil where the connection was denied.
    var name: String?
    var unit: String?
    /// Why it was denied.
    var denial: String?
    var sentToken = false
    var claim: String?
}

func findings(about identity: FoundIdentity) -> [Finding] {
    guard let name = identity.name else {
        let text = "this process is no component: \(identity.denial ?? "the broker says no more")"
        return [.note(text, "run it in a service of systemd, or with a token in SVCUID")]
    }
    let reason = identity.reason(for: name)
    guard identity.sentToken, reason != .token else {
        return [.good("this process is \(shown(name)), \(reason.text(identity.unit))")]
    }
    let text = "the token in SVCUID is not known; this process is \(shown(name)) without it"
    return [.problem(text, "issue a new one: reprieve token NAME")]
}

private enum Reason {
    case token
    case unit
    case claim

    func text(_ unit: String?) -> String {
        switch self {
        case .token: "by its token"
        case .unit: "by its unit" + (unit.map { " " + shown($0) } ?? "")
        case .claim: "by its claim, which is believed of the broker's own user"
        }
    }
}

extension FoundIdentity {
    /// A name by a unit is that of the unit, or UNIT/CLAIM.
    fileprivate func reason(for name: String) -> Reason {
        let service = unit.map { $0.hasSuffix(".service") ? String($0.dropLast(8)) : $0 }
        if let service, name == service || name.hasPrefix(service + "/") { return .unit }
        if let service, service.hasPrefix("ggl.") { return .unit }
        return sentToken && name != claim ? .token : unit == nil ? .claim : .unit
    }
}
