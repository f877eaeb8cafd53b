// SPDX-License-Identifier: Apache-2.0

/// What the configuration file sets.
public struct PermitConfiguration: Hashable, Sendable {
    public enum EngineKind: String, CaseIterable, Hashable, Sendable { case fleetlock, etcd }

    public var engine = EngineKind.fleetlock
    public var servers: [String] = []
    public var group = "default"
    /// Nil for the id that is derived from the machine's.
    public var id: String?
    public var slots: UInt64 = 1
    public var policy = PermitPolicy()
    /// For all that one request needs at one server.
    public var timeout = Duration.seconds(10)
    /// The words of the command; empty for none.
    public var healthCommand: [String] = []
    public var healthTimeout = Duration.seconds(60)
    public var certificateAuthority: String?
    public var certificate: String?
    public var key: String?
    public var proxy: String?
    public var component = "reprieve-permit"
    public var socket: String?

    /// What is wrong with the file, each with its line; empty if nothing is.
    public private(set) var complaints: [String] = []

    public init(_ bytes: [UInt8], path: String) {
        var file = ConfigurationFile(bytes, path: path)
        // An empty value takes back what was set before it.
        var values: [String: (value: String, line: Int)] = [:]
        for (key, value, line) in file.assignments { values[key] = (value, line) }
        for (key, (value, line)) in values.sorted(by: { $0.value.line < $1.value.line }) {
            if value.isEmpty { continue }
            do throws(ValueError) {
                try set(key, value)
            } catch {
                file.complain("\(key)=\(value): \(error.message)", line)
            }
        }
        complaints = file.complaints
        if file.complaints.isEmpty { checkTogether(path) }
    }

    private mutating func checkTogether(_ path: String) {
        if servers.isEmpty { complaints.append("\(path): Server= is not set") }
        if (certificate == nil) != (key == nil) {
            complaints.append("\(path): Certificate= and Key= are set together")
        }
        let whole = timeout * servers.count
        if whole > .seconds(40) {
            complaints.append(
                "\(path): Timeout= times the servers is \(whole.components.seconds) s, more than"
                    + " the 40 s in which a component answers"
            )
        }
    }

    /// What is read for each request.
    public var files: [String] { [certificateAuthority, certificate, key].compactMap(\.self) }

    public func makeServers(id: String) -> Servers {
        let engine: any Engine =
            switch engine {
            case .fleetlock: FleetLockEngine(id: id, group: group)
            case .etcd: EtcdEngine(id: id, group: group, slots: slots)
            }
        return Servers(engine, urls: servers, timeout: timeout)
    }
}

struct ValueError: Error {
    let message: String
}

extension PermitConfiguration {
    private mutating func set(_ key: String, _ value: String) throws(ValueError) {
        switch key {
        case "Engine": engine = try SettingValue.word(value)
        case "Server": servers = try SettingValue.urls(value)
        case "Group": group = try SettingValue.group(value)
        case "Id": id = try SettingValue.id(value)
        case "Slots": slots = try SettingValue.slots(value)
        case "Timeout": timeout = try SettingValue.duration(value, from: .milliseconds(100))
        case "Concerns": policy.concerns = try SettingValue.concerns(value)
        case "Retry": policy.retry = try SettingValue.duration(value, from: .milliseconds(100))
        case "SteadyAfter": policy.steadyAfter = try SettingValue.duration(value)
        case "HealthCommand":
            healthCommand = try SettingValue.command(value)
            policy.hasHealthCommand = true
        case "HealthTimeout":
            healthTimeout = try SettingValue.duration(value, from: .milliseconds(100))
        case "AfterFailure": policy.afterFailure = try SettingValue.word(value)
        case "Offline": policy.proceedAfter = try SettingValue.offline(value)
        case "CertificateAuthority": certificateAuthority = try SettingValue.path(value)
        case "Certificate": certificate = try SettingValue.path(value)
        case "Key": self.key = try SettingValue.path(value)
        case "Proxy": proxy = value
        case "Component": component = try SettingValue.component(value)
        case "Socket": socket = try SettingValue.path(value)
        default: throw ValueError(message: "there is no such key")
        }
    }
}
