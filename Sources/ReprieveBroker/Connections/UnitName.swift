// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol

/// The name of a process by the service that it belongs to: `Protocol/security.md`, "Names".
enum UnitName: Hashable, Sendable {
    /// The service is the component, whatever it claims.
    case component(ComponentName)
    /// The service holds components, told apart by their claims, else by `part`.
    case unit(ComponentName, part: ComponentName?)

    /// Nil where no service applies: scopes, slices and other units give no names.
    init?(_ place: Place, broker: UInt32) {
        guard let service = Self.service(place.unit) else { return nil }
        guard let manager = Self.user(of: service) else {
            self.init(service: service)
            return
        }
        let part = Self.service(place.userUnit)
        if manager != String(broker) {
            self = .unit(service, part: part)
        } else if let part {
            // To a user's own broker, the units of that user's manager are what the system's are
            // to the system's broker.
            self.init(service: part)
        } else {
            return nil
        }
    }

    private init(service: String) {
        let prefix = "ggl."
        guard service.hasPrefix(prefix), service.utf8.count > prefix.utf8.count else {
            self = .unit(service, part: nil)
            return
        }
        var name = service.dropFirst(prefix.count)
        for phase in [".install", ".bootstrap"] where name.hasSuffix(phase) {
            name = name.dropLast(phase.count)
            break
        }
        self = .component(String(name))
    }

    /// The name, or nil if it is too long to be one.
    func name(claiming claim: ComponentName?) -> ComponentName? {
        let name =
            switch self {
            case .component(let name): name
            case .unit(let unit, let part): (claim ?? part).map { unit + "/" + $0 } ?? unit
            }
        return isComponentName(name) ? name : nil
    }

    /// "camera@a\x2db" of "camera@a\x2db.service", with `+` for the backslash, which is in no
    /// component's name as `+` is in no unit's: two units never get one name.
    private static func service(_ unit: String?) -> String? {
        let suffix = ".service"
        guard let unit, unit.hasSuffix(suffix) else { return nil }
        return String(unit.dropLast(suffix.count).map { $0 == "\\" ? "+" : $0 })
    }

    /// "1000" of "user@1000".
    private static func user(of service: String) -> Substring? {
        let prefix = "user@"
        return service.hasPrefix(prefix) ? service.dropFirst(prefix.count) : nil
    }
}
