// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveCoordinator

struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Withdraws an update that waits, and tells the components."
    )

    @OptionGroup var broker: BrokerOptions

    @OptionGroup var update: ReasonedOptions

    func run() async throws {
        try await broker.control.cancel(update.request)
    }
}
