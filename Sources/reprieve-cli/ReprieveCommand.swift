// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveProtocol

struct ReprieveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reprieve",
        abstract: "Lets components defer an update until they are ready.",
        discussion: """
            Durations are written 500ms, 30s, 10m, 1h30m or 2d.

            Exit codes: \(ExitStatus.table)
            """,
        version: "reprieve \(productVersion)",
        subcommands: [
            GateCommand.self, StatusCommand.self, CompleteCommand.self, CancelCommand.self,
            ForceCommand.self, ExplainCommand.self, HistoryCommand.self, MetricsCommand.self,
            AlertCommand.self, HoldCommand.self, ListenCommand.self, WindowCommand.self,
            TokenCommand.self, PlanCommand.self, CheckCommand.self,
        ]
    )

    /// A subcommand parses its arguments without its siblings, which costs less. What it does not
    /// take is parsed, and explained, by all of them.
    static func parsed(_ arguments: [String]) throws -> any ParsableCommand {
        if let type = subcommand(named: arguments.first ?? ""),
            let command = try? type.parseAsRoot(Array(arguments.dropFirst())),
            Swift.type(of: command) == type
        {
            return command
        }
        return try parseAsRoot(arguments)
    }

    /// Help that was not asked for must not look like success.
    func run() throws {
        throw Failure(.wrongUsage, "no subcommand is given; see reprieve --help")
    }
}
