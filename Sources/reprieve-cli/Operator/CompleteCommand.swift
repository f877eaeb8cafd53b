// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveCoordinator
internal import ReprieveProtocol

struct CompleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "complete",
        abstract: "Tells the components the outcome of an update that was released."
    )

    @OptionGroup var broker: BrokerOptions

    @Argument(help: "The update's id.", completion: .updates, transform: checkedDeploymentID)
    var id: String

    @Option(help: "The outcome.")
    var outcome = ReportedOutcome(.applied)

    @Option(help: "A text for the components and the history.", transform: checkedText)
    var message: String?

    func run() async throws {
        try await broker.control.complete(
            CompleteRequest(deploymentID: id, outcome: outcome.outcome, message: message)
        )
    }
}
