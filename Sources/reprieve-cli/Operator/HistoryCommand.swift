// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveCoordinator
internal import ReprieveProtocol

struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Shows past updates, newest first: why each gate opened, and its outcome."
    )

    @OptionGroup var broker: BrokerOptions

    @Argument(help: "Show only this update.", transform: checkedDeploymentID)
    var id: String?

    @Option(help: "Show at most this many updates.")
    var limit: Int?

    @Flag(help: "Print the history as one line of JSON.")
    var json = false

    func validate() throws {
        guard limit ?? 0 >= 0 else { throw ValidationError("--limit must not be negative") }
    }

    func run() async throws {
        let request = HistoryRequest(limit: limit.map(Int64.init), deploymentID: id)
        let history = try await broker.control.history(request)
        if json { return OutputStream.standard.line(history.json) }
        OutputStream.standard.write(text(history, of: id))
    }
}
