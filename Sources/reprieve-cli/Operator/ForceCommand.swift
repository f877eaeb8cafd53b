// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveCoordinator
internal import ReprieveProtocol

struct ForceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "force",
        abstract: "Opens the gate of an update at once, whichever components block it."
    )

    @OptionGroup var broker: BrokerOptions

    @Argument(help: "The update's id.", transform: checkedDeploymentID)
    var id: String

    @Option(help: "Why, for the components and the history.", transform: checkedText)
    var reason: String

    func run() async throws {
        try await broker.control.force(ReasonedRequest(deploymentID: id, reason: reason))
    }
}
