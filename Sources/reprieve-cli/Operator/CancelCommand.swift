// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveCoordinator
internal import ReprieveProtocol

struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Withdraws an update that waits, and tells the components."
    )

    @OptionGroup var broker: BrokerOptions

    @Argument(help: "The update's id.", transform: checkedDeploymentID)
    var id: String

    @Option(help: "Why, for the components and the history.", transform: checkedText)
    var reason: String

    func run() async throws {
        try await broker.control.cancel(ReasonedRequest(deploymentID: id, reason: reason))
    }
}
