// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveCoordinator
internal import ReprieveProtocol

struct CompleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "complete",
        abstract: "Tells all components what became of an update that was released."
    )

    enum Word: String, CaseIterable, ExpressibleByArgument {
        case applied
        case failed
        case rolledBack = "rolled-back"

        var outcome: Outcome {
            switch self {
            case .applied: .applied
            case .failed: .failed
            case .rolledBack: .rolledBack
            }
        }
    }

    @OptionGroup var broker: BrokerOptions

    @Argument(help: "The update's id.", transform: checkedDeploymentID)
    var id: String

    @Option(help: "What became of it.")
    var outcome = Word.applied

    @Option(help: "More about it, for the components and the history.", transform: checkedText)
    var message: String?

    func run() async throws {
        try await broker.control.complete(
            CompleteRequest(deploymentID: id, outcome: outcome.outcome, message: message)
        )
    }
}

struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Withdraws an update that waits; the components are told."
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

struct ForceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "force",
        abstract: "Lets an update go ahead at once, whoever still holds it back."
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
