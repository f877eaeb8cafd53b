// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveCoordinator
internal import ReprieveProtocol

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows which updates wait, for whom, since when and until when."
    )

    @OptionGroup var broker: BrokerOptions

    @Flag(help: "Follow: redraw on a terminal, else print again at each change.")
    var watch = false

    @Flag(help: "Print the document, one line of JSON.")
    var json = false

    func run() async throws {
        guard watch else { return write(try await broker.control.status()) }
        guard !json, Output.standard.isTerminal else {
            return try await broker.control.watch { write($0) }
        }
        let page = Display.page()
        try await page.live { try await broker.control.watch { page.show($0) } }
    }

    private func write(_ status: StatusShape) {
        if json { Output.standard.line(status.json) } else { Output.standard.write(text(status)) }
    }
}
