// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol

/// What the command line asked for and cannot be given.
struct UsageError: Error {
    var message: String
}

/// What the command line says to do.
enum CommandLineRequest {
    case run(Invocation)
    case check(Invocation)
    case print(String)

    init(_ arguments: [String]) throws(UsageError) {
        var invocation = Invocation()
        var checksOnly = false
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--help", "-h":
                self = .print(helpText)
                return
            case "--version":
                self = .print("reprieved \(version)\n")
                return
            case "--check-config": checksOnly = true
            default: try invocation.take(argument, &rest)
            }
        }
        self = checksOnly ? .check(invocation) : .run(invocation)
    }
}

/// What is to be read, and what holds whatever is read.
struct Invocation {
    var configurationFile: String?
    var assignments: [Assignment] = []

    fileprivate mutating func take(
        _ argument: String,
        _ rest: inout ArraySlice<String>
    ) throws(UsageError) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let option = String(parts[0])
        guard let kind = Kind(option) else {
            throw UsageError(message: "unknown option \(quoted(argument)); see reprieved --help")
        }
        let value = parts.count == 2 ? String(parts[1]) : rest.popFirst()
        guard let value, !value.isEmpty else {
            throw UsageError(message: "\(option) needs a value")
        }
        do {
            try take(kind, value, option)
        } catch {
            throw UsageError(message: "\(option): \(error.message)")
        }
    }

    private enum Kind {
        case file
        case component
        case setting(Section, String)

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
            guard let pattern = words.first else { throw ValueError("it names no component") }
            let section = try Section("Component " + pattern)
            try assign(section, "", "", option)
            for word in words.dropFirst() {
                let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
                guard parts.count == 2, section.knows(parts[0]) else {
                    throw ValueError("\(quoted(String(word))) is no Key=Value of a component")
                }
                try assign(section, parts[0], parts[1], option)
            }
        }
    }

    /// Tries the value at once, so that a bad one is wrong usage.
    private mutating func assign(
        _ section: Section,
        _ key: String,
        _ value: String,
        _ option: String
    ) throws(ValueError) {
        let assignment = Assignment(section: section, key: key, value: value, place: option)
        var trial = Configuration(runtimeDirectory: "", stateDirectory: "", tokensFile: "")
        try assignment.apply(to: &trial)
        assignments.append(assignment)
    }
}

let version = "0.1.0"
