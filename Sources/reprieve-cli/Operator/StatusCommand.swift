// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveCoordinator
internal import ReprieveProtocol
internal import ReprieveTransport

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows which updates wait, for which components, since when and until when."
    )

    @OptionGroup var broker: BrokerOptions

    @Flag(help: "Print the status again at each change; on a terminal, redraw it.")
    var watch = false

    @Flag(help: "Print the status as one line of JSON.")
    var json = false

    func run() async throws {
        guard watch else { return write(try await broker.control.status()) }
        guard !json, OutputStream.standard.isTerminal else {
            return try await watch { status in
                write(status)
                try OutputStream.standard.check()
            }
        }
        let page = Display.page()
        try await page.live { try await watch { page.show($0) } }
    }

    /// Goes on after a restart of the broker.
    private func watch(_ handle: (StatusShape) throws -> Void) async throws {
        try await broker.control.watchPatiently { error in
            OutputStream.error.line("reprieve: \(error.message); trying again")
        } _: {
            try handle($0)
        }
    }

    private func write(_ status: StatusShape) {
        if json { return OutputStream.standard.line(status.json) }
        OutputStream.standard.write(text(status))
    }
}
