// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveCoordinator
internal import ReprieveProtocol
internal import ReprieveTransport

struct GateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gate",
        abstract: "Announces an update, waits until its gate opens, and runs COMMAND.",
        discussion: """
            COMMAND makes the update. It has REPRIEVE_DEPLOYMENT_ID, REPRIEVE_BASIS, \
            REPRIEVE_SILENT and REPRIEVE_OVERRIDDEN in its environment. Of a very long list only \
            the first components are named; REPRIEVE_SILENT_COUNT and REPRIEVE_OVERRIDDEN_COUNT \
            count all, and --json prints all. When COMMAND ends, the \
            components are told the outcome: applied if it exits with 0, else failed. Without \
            COMMAND the update stays released until `reprieve complete`.

            Under `reprieve hold`, the update does not wait for that `hold`. Messages that nobody \
            reads are dropped: they never keep COMMAND from running.

            Ctrl-C during the wait cancels the update.

            In a unit's ExecStop= it keeps systemd waiting until the gate opens. This requires \
            NotifyAccess=exec. The unit is stopped even if the gate does not open, since systemd \
            cannot be refused.
            """
    )

    enum WithoutBroker: String, CaseIterable, ExpressibleByArgument {
        case proceed
        case refuse
    }

    @OptionGroup var broker: BrokerOptions
    @OptionGroup var announcement: AnnouncementOptions

    @Flag(
        help: ArgumentHelp(
            "Wait only for the first answer of each component, and cancel the update at the first"
                + " deferral."
        )
    )
    var noWait = false

    @Option(help: "What follows when the broker is not reachable.")
    var withoutBroker = WithoutBroker.refuse

    @Flag(
        help: ArgumentHelp(
            "COMMAND only starts a reboot: report the outcome after it, with `reprieve complete`."
                + " If COMMAND fails to start it, the outcome is failed."
        )
    )
    var reboots = false

    @Flag(help: "Print the events as one line of JSON each; the last one says how the wait ended.")
    var json = false

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp(
            "The program that makes the update, after --; it is looked up before the update is"
                + " announced.",
            valueName: "command"
        )
    )
    var command: [String] = []

    func validate() throws {
        guard !reboots || !command.isEmpty else {
            throw ValidationError("--reboots requires a COMMAND")
        }
    }

    func run() async throws {
        let searchPath = Executable.searchPath
        let executable = try command.isEmpty ? nil : Executable(command, searchPath: searchPath)
        let id = announcement.deploymentID ?? newDeploymentID()
        OwnUpdates.announce(id)
        let released = try await release(of: id)
        let update = ReleasedUpdate(control: broker.control, id: id, released: released)
        guard let executable else {
            if announcement.deploymentID == nil, !json, !OutputStream.standard.isTerminal {
                OutputStream.standard.line(id)
            }
            return update.explainCompletion()
        }
        try await update.run(executable, reboots: reboots)
    }

    /// Nil where no broker was asked.
    private func release(of id: String) async throws -> ReleasedShape? {
        var request = announcement.request(id)
        request.reboots = reboots
        let session = GateSession(
            control: broker.control,
            request: request,
            noWait: noWait,
            json: json,
            isInStop: isInStop
        )
        do { return try await session.wait() } catch {
            if let error = error as? ConnectionError, withoutBroker == .proceed,
                session.mayProceedWithout(error)
            {
                OutputStream.error.line("reprieve: \(error.message); going ahead without a broker")
                return nil
            }
            if isInStop { OutputStream.error.line("systemd stops the unit nevertheless") }
            throw error
        }
    }

    /// Whether this runs in ExecStop=: systemd sets the variable only there.
    private var isInStop: Bool { environment("SERVICE_RESULT") != nil }
}
