// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol

/// The configuration file that the command line names, and its options, which count for more than
/// any file.
struct Invocation {
    var configurationFile: String?
    var assignments: [Assignment] = []

    /// Takes one option, and its value from the rest of the command line.
    mutating func take(
        _ argument: String,
        _ rest: inout ArraySlice<String>
    ) throws(UsageError) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let option = String(parts[0])
        guard let kind = Kind(option) else {
            let hint = suggestion(for: option, among: Self.options)
            let text = "unknown option \(quoted(argument))\(hint)"
            throw UsageError(message: text + (hint.isEmpty ? "; see reprieved --help" : ""))
        }
        let value = parts.count == 2 ? String(parts[1]) : rest.popFirst()
        guard let value, !value.isEmpty else {
            throw UsageError(message: "\(option) requires a value")
        }
        do {
            try take(kind, value, option)
        } catch {
            throw UsageError(message: "\(option): \(error.message)")
        }
    }

    private static let options =
        (["help", "version", "config", "check-config", "example-config", "component"]
        + (SettingTable.broker + SettingTable.policy).map(\.name)).map { "--" + $0 }

    private enum Kind {
        case file
        case component
        case setting(ConfigurationSection, String)

        init?(_ option: String) {
            guard option.hasPrefix("--") else { return nil }
            let name = option.dropFirst(2)
            if name == "config" {
                self = .file
            } else if name == "component" {
                self = .component
            } else if let setting = SettingTable.broker.first(where: { $0.name == name }) {
                self = .setting(.broker, setting.key)
            } else if let setting = SettingTable.policy.first(where: { $0.name == name }) {
                self = .setting(.policy, setting.key)
            } else {
                return nil
            }
        }
    }

    private mutating func take(
        _ kind: Kind,
        _ value: String,
        _ option: String
    ) throws(ValueError) {
        switch kind {
        case .file: configurationFile = value
        case .setting(let section, let key): try assign(section, key, value, option)
        case .component:
            let words = value.split(separator: " ")
            guard let pattern = words.first else {
                throw ValueError("the name of a component is missing")
            }
            let section = try ConfigurationSection("Component " + pattern)
            try assign(section, "", "", option)
            for word in words.dropFirst() {
                let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
                guard parts.count == 2, section.knows(parts[0]) else {
                    let hint = suggestion(for: parts.first ?? "", among: section.keys)
                    let text = "\(quoted(String(word))) is not a Key=Value of a component"
                    throw ValueError(text + hint)
                }
                try assign(section, parts[0], parts[1], option)
            }
        }
    }

    /// Tries the value at once: a bad one is wrong usage.
    private mutating func assign(
        _ section: ConfigurationSection,
        _ key: String,
        _ value: String,
        _ option: String
    ) throws(ValueError) {
        let assignment = Assignment(section: section, key: key, value: value, place: option)
        var trial = Configuration(directory: "")
        try assignment.apply(to: &trial)
        assignments.append(assignment)
    }
}
