// SPDX-License-Identifier: Apache-2.0

/// One thing that can be set. The table of all of them, below, gives the options and `--help`.
struct Option: Sendable {
    var name: String
    var value: String
    var help: String
    var set: @Sendable (inout Configuration, String) throws(UsageError) -> Void
}

/// What the command line asked for and cannot be given.
struct UsageError: Error {
    var message: String
}

/// How this daemon runs.
struct Configuration {
    var runtimeDirectory: String
    var stateDirectory: String
    var componentSocket: String?
    var controlSocket: String?
    var logLevel = LogLevel.info

    var componentSocketPath: String { componentSocket ?? runtimeDirectory + "/ipc.socket" }
    var controlSocketPath: String { controlSocket ?? runtimeDirectory + "/control.socket" }
}

extension Option {
    static let all = [
        Option(
            name: "component-socket",
            value: "PATH",
            help: "where components connect; default: ipc.socket in the runtime directory"
        ) { configuration, value in
            configuration.componentSocket = value
        },
        Option(
            name: "control-socket",
            value: "PATH",
            help: "where coordinators and operators connect; default: control.socket there"
        ) { configuration, value in
            configuration.controlSocket = value
        },
        Option(
            name: "runtime-directory",
            value: "DIRECTORY",
            help: "default: $RUNTIME_DIRECTORY, else /run/reprieve for root,\n"
                + "$XDG_RUNTIME_DIR/reprieve for others; made if it is not there"
        ) { configuration, value in
            configuration.runtimeDirectory = value
        },
        Option(
            name: "state-directory",
            value: "DIRECTORY",
            help: "what outlives a reboot; default: $STATE_DIRECTORY, else /var/lib/reprieve\n"
                + "for root, $XDG_STATE_HOME/reprieve or ~/.local/state/reprieve for others"
        ) { configuration, value in
            configuration.stateDirectory = value
        },
        Option(
            name: "log-level",
            value: "LEVEL",
            help: "the least that is logged: debug, info or warning; default: info"
        ) { configuration, value throws(UsageError) in
            guard let level = LogLevel(rawValue: value) else {
                throw UsageError(message: "--log-level: '\(value)' is not debug, info or warning")
            }
            configuration.logLevel = level
        },
    ]

    static var helpText: String {
        let lines = all.map { option in
            let help = option.help.split(separator: "\n").joined(separator: "\n        ")
            return "    --\(option.name) \(option.value)\n        \(help)\n"
        }
        return """
            Usage: reprieved [OPTION]...

            Lets components hold an update back, and opens its gate when all are ready.

            \(lines.joined())    --version
                    print the version and exit
                --help
                    print this and exit

            """
    }
}

/// What the command line says to do.
enum CommandLineRequest {
    case run(Configuration)
    case print(String)

    init(_ arguments: [String], defaults: Configuration) throws(UsageError) {
        var configuration = defaults
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--help" || argument == "-h" {
                self = .print(Option.helpText)
                return
            }
            if argument == "--version" {
                self = .print("reprieved \(version)\n")
                return
            }
            try Self.apply(argument, &rest, to: &configuration)
        }
        self = .run(configuration)
    }

    private static func apply(
        _ argument: String,
        _ rest: inout ArraySlice<String>,
        to configuration: inout Configuration
    ) throws(UsageError) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let option = Option.all.first { "--" + $0.name == parts[0] }
        guard let option else {
            throw UsageError(message: "unknown option '\(argument)'; see reprieved --help")
        }
        let value = parts.count == 2 ? String(parts[1]) : rest.popFirst()
        guard let value, !value.isEmpty else {
            throw UsageError(message: "--\(option.name) needs a value: \(option.value)")
        }
        try option.set(&configuration, value)
    }
}

let version = "0.1.0"
