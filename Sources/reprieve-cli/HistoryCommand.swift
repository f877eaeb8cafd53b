// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveCoordinator
internal import ReprieveProtocol

struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Shows what was decided, on what ground, and what became of it, newest first."
    )

    @OptionGroup var broker: BrokerOptions

    @Argument(help: "Only this update.", transform: checkedDeploymentID)
    var id: String?

    @Option(help: "At most so many decisions.")
    var limit: Int?

    @Flag(help: "Print the document, one line of JSON.")
    var json = false

    func validate() throws {
        if let limit, limit < 0 { throw ValidationError("--limit is a number of decisions") }
    }

    func run() async throws {
        let request = HistoryRequest(limit: limit.map(Int64.init), deploymentID: id)
        let history = try await broker.control.history(request)
        if json { return Output.standard.line(history.json) }
        Output.standard.write(text(history, of: id))
    }
}
