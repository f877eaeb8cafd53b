// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveProtocol

/// An update that the operator decides about, and why.
struct ReasonedOptions: ParsableArguments {
    @Argument(help: "The update's id.", completion: .updates, transform: checkedDeploymentID)
    var id: String

    @Option(help: "Why, for the components and the history.", transform: checkedText)
    var reason: String

    var request: ReasonedRequest { ReasonedRequest(deploymentID: id, reason: reason) }
}
