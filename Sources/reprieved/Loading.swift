// SPDX-License-Identifier: Apache-2.0

import Glibc
import Negotiation
import ReprieveBroker
import Systemd
import Tokens

/// All that was read at once: what it says, or what is wrong with it.
struct Loaded {
    var configuration: Configuration
    var tokens = TokenList()
    /// The files that were there.
    var files: [String] = []
    var complaints: [String] = []

    /// Reads everything that an invocation goes by.
    init(_ invocation: Invocation, defaults: Configuration, directory: String) {
        configuration = defaults
        let path = invocation.configurationFile ?? directory + "/reprieved.conf"
        var assignments = read(path, isRequired: invocation.configurationFile != nil)
        for name in names(in: path + ".d") where name.hasSuffix(".conf") {
            assignments += read(path + ".d/" + name, isRequired: true)
        }
        apply(withoutTakenBack(assignments) + invocation.assignments)
        readTokens()
    }

    private mutating func read(_ path: String, isRequired: Bool) -> [Assignment] {
        do {
            guard let bytes = try File.read(path, atMost: maximumBytes) else {
                if isRequired { complaints.append("there is no configuration file \(path)") }
                return []
            }
            files.append(path)
            let file = ConfigurationFile(bytes, path: path)
            complaints += file.complaints
            return file.assignments
        } catch {
            complaints.append(error.message)
            return []
        }
    }

    private mutating func names(in directory: String) -> [String] {
        do {
            return try File.names(in: directory)
        } catch {
            complaints.append(error.message)
            return []
        }
    }

    private mutating func apply(_ assignments: [Assignment]) {
        for assignment in assignments {
            do {
                try assignment.apply(to: &configuration)
            } catch {
                complaints.append("\(assignment.place): \(assignment.key): \(error.message)")
            }
        }
    }

    private mutating func readTokens() {
        let path = configuration.tokensFile
        do {
            let bytes = try File.readPrivate(path, atMost: TokenList.maximumBytes)
            guard let bytes else { return }
            files.append(path)
            tokens = try TokenList(decoding: String(decoding: bytes, as: UTF8.self))
        } catch let error as TokenListError {
            complaints.append("\(path):\(error.line): \(error.message)")
        } catch let error as SystemError {
            complaints.append(error.message)
        } catch {
            preconditionFailure("a tokens file has no other errors")
        }
    }

    /// What the broker works with.
    var settings: BrokerSettings {
        configuration.brokerSettings(user: geteuid(), tokens: tokens)
    }

    /// One line for the log.
    var summary: String {
        let read = files.isEmpty ? "no configuration file is there" : files.joined(separator: ", ")
        return "\(read); \(configuration.negotiation.rules.count) rules for components, "
            + "\(tokens.entries.count) tokens"
    }
}

/// Bytes of a configuration file. A longer one is refused.
private let maximumBytes = 1_024 * 1_024

/// As systemd has it, an empty value takes back what was set before it.
private func withoutTakenBack(_ assignments: [Assignment]) -> [Assignment] {
    var kept: [Assignment] = []
    for assignment in assignments {
        if assignment.value.isEmpty, !assignment.key.isEmpty {
            kept.removeAll { $0.section == assignment.section && $0.key == assignment.key }
        } else {
            kept.append(assignment)
        }
    }
    return kept
}

// MARK: - Defaults

extension Configuration {
    /// What holds where nothing is set.
    static func defaults(directory: String) -> Configuration {
        Configuration(
            runtimeDirectory: defaultRuntimeDirectory,
            stateDirectory: defaultStateDirectory,
            tokensFile: directory + "/tokens"
        )
    }
}

/// Where the configuration file is looked for, and the tokens file.
var configurationDirectory: String {
    if let given = variable("CONFIGURATION_DIRECTORY") {
        return given.split(separator: ":").first.map(String.init) ?? given
    }
    guard geteuid() != 0 else { return "/etc/reprieve" }
    if let own = variable("XDG_CONFIG_HOME") { return own + "/reprieve" }
    return variable("HOME").map { $0 + "/.config/reprieve" } ?? "/etc/reprieve"
}

private var defaultRuntimeDirectory: String {
    if let given = variable("RUNTIME_DIRECTORY") { return given }
    guard geteuid() != 0, let own = variable("XDG_RUNTIME_DIR") else { return "/run/reprieve" }
    return own + "/reprieve"
}

private var defaultStateDirectory: String {
    if let given = variable("STATE_DIRECTORY") { return given }
    guard geteuid() != 0 else { return "/var/lib/reprieve" }
    if let own = variable("XDG_STATE_HOME") { return own + "/reprieve" }
    return variable("HOME").map { $0 + "/.local/state/reprieve" } ?? "/var/lib/reprieve"
}

private func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
}
