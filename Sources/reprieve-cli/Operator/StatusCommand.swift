// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveCoordinator
internal import ReprieveProtocol
internal import ReprieveTransport
internal import Systemd

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows which updates wait, for which components, and until when.",
        discussion: """
            On a terminal, components that block an update are yellow, those that are ready green, \
            and those that did not answer or are absent red, unless NO_COLOR is set.
            """
    )

    @OptionGroup var broker: BrokerOptions

    @Argument(
        help: "Show only this update.",
        completion: .updates,
        transform: checkedDeploymentID
    )
    var id: String?

    @Flag(help: "Print the status again at each change of an update; on a terminal, redraw it.")
    var watch = false

    @Flag(help: "Print the status as one line of JSON.")
    var json = false

    @Flag(
        help: ArgumentHelp(
            "Print at most five lines if an update waits, for a message of the day. Takes half a"
                + " second at most, and never fails."
        )
    )
    var motd = false

    func validate() throws {
        guard !motd || (!watch && !json && id == nil) else {
            throw ValidationError("--motd goes with no other option, and with no ID")
        }
    }

    func run() async throws {
        if motd { return await messageOfTheDay() }
        let limit = json ? nil : await result(of: { try? ShutdownLimit.current() }) ?? nil
        guard watch else {
            let status = try await broker.control.status().only(id)
            if let id, status.updates.isEmpty {
                let text = "no update \(shown(id)) is waiting or under way"
                throw Failure(.unknown, text + "; see `reprieve explain`")
            }
            return write(status, limit)
        }
        guard !json, OutputStream.standard.isTerminal else {
            return try await watch { status in
                write(status, limit)
                try OutputStream.standard.check()
            }
        }
        let page = Display.page(shutdownLimit: limit)
        try await page.live { try await watch { page.show($0) } }
    }

    private func messageOfTheDay() async {
        let control = broker.control
        let found = await status(of: control, within: .milliseconds(500))
        guard let text = found.flatMap({ motdText($0, now: wallClockNow()) }) else { return }
        // Where it cannot be written, a login is not to fail.
        OutputStream.events.line(text)
    }

    /// Goes on after a restart of the broker.
    private func watch(_ handle: (StatusShape) throws -> Void) async throws {
        try await broker.control.watchPatiently { error in
            OutputStream.error.line("reprieve: \(error.message); trying again")
        } _: {
            try handle($0.only(id))
        }
    }

    private func write(_ status: StatusShape, _ limit: Duration?) {
        if json { return OutputStream.standard.line(status) }
        let context = StatusContext(now: wallClockNow(), shutdownLimit: limit)
        guard let terminal = Terminal(.standard) else {
            return OutputStream.standard.write(text(status, context))
        }
        let columns = terminal.size.columns
        for line in statusLines(status, columns, context) {
            OutputStream.standard.line(line.drawn(columns, colours: wantsColours))
        }
    }
}

extension StatusShape {
    /// With only this update, if there is an id.
    fileprivate func only(_ id: String?) -> StatusShape {
        guard let id else { return self }
        var status = self
        status.updates.removeAll { $0.deploymentID != id }
        return status
    }
}
