// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveCoordinator
internal import ReprieveProtocol

struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Shows past updates: why each gate opened, and its outcome."
    )

    @OptionGroup var broker: BrokerOptions

    @Argument(
        help: "Show only this update.",
        completion: .updates,
        transform: checkedDeploymentID
    )
    var id: String?

    @Option(
        help: ArgumentHelp(
            "Show only updates that were decided, or ended, in this time.",
            valueName: "duration"
        ),
        transform: milliseconds
    )
    var since: Int64?

    @Option(
        help: ArgumentHelp(
            "Show only updates in whose list this component stands.",
            valueName: "name"
        ),
        completion: .components,
        transform: checkedName
    )
    var component: String?

    @Option(help: "Show only updates with this outcome.")
    var outcome: KnownOutcome?

    @Option(help: "Show at most this many updates.")
    var limit: Int?

    @Flag(help: "Print the history as one line of JSON.")
    var json = false

    func validate() throws {
        guard limit ?? 0 >= 0 else { throw ValidationError("--limit must not be negative") }
    }

    func run() async throws {
        let filter = HistoryFilter(
            sinceMs: since,
            component: component,
            outcome: outcome?.outcome
        )
        let limit = filter.isEmpty ? limit.map(Int64.init) : nil
        let request = HistoryRequest(limit: limit, deploymentID: id)
        var history = try await broker.control.history(request)
        if !filter.isEmpty {
            let now = wallClockNow()
            let wanted = history.decisions.filter { filter.takes($0, at: now) }
            history.decisions = Array(wanted.prefix(self.limit ?? .max))
        }
        if json { return OutputStream.standard.line(history) }
        OutputStream.standard.write(text(history, of: id, isFiltered: !filter.isEmpty))
    }
}

/// An outcome that the history knows.
struct KnownOutcome: ExpressibleByArgument, Hashable {
    let outcome: Outcome

    init?(argument: String) {
        guard let match = Self.all.first(where: { $0.word == argument }) else { return nil }
        outcome = match
    }

    static var allValueStrings: [String] { all.map(\.word) }

    /// Only a component's follow-up is told that an update is postponed.
    private static var all: [Outcome] { Outcome.allCases.filter { $0 != .postponed } }
}
