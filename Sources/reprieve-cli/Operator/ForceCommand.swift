// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveCoordinator

struct ForceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "force",
        abstract: "Opens the gate of an update at once, whichever components block it."
    )

    @OptionGroup var broker: BrokerOptions

    @OptionGroup var update: ReasonedOptions

    func run() async throws {
        try await broker.control.force(update.request)
    }
}
