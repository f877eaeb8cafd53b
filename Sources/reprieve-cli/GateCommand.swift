// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveCoordinator
internal import ReprieveProtocol
internal import ReprieveTransport

struct GateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gate",
        abstract: "Announces an update, waits until it may go ahead, and runs COMMAND.",
        discussion: """
            COMMAND makes the update. It has REPRIEVE_DEPLOYMENT_ID, REPRIEVE_BASIS, \
            REPRIEVE_SILENT and REPRIEVE_OVERRIDDEN in its environment, and its end is reported \
            to the components as applied or failed. Without COMMAND the update stays released \
            until `reprieve complete`.

            Ctrl-C while it waits cancels the update.

            In a unit's ExecStop= it keeps systemd waiting until the gate opens, for which \
            NotifyAccess=exec is needed. Whatever comes of it, the unit is stopped then: systemd \
            cannot be refused.
            """
    )

    @OptionGroup var broker: BrokerOptions
    @OptionGroup var announcement: AnnouncementOptions

    @Flag(
        help: "Give everyone the time for a first answer, and cancel at the first deferral."
    )
    var noWait = false

    @Option(help: "What follows when there is no broker.")
    var withoutBroker = ProceedOrRefuse.refuse

    @Flag(
        help: ArgumentHelp(
            "COMMAND only starts a reboot: the outcome is reported after it, by `complete`."
                + " If COMMAND fails to, that is the outcome."
        )
    )
    var reboots = false

    @Flag(help: "Print the events, one line of JSON each; the last is the end.")
    var json = false

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp(
            "What makes the update, after --; looked up before anything is announced.",
            valueName: "command"
        )
    )
    var command: [String] = []

    func validate() throws {
        guard !reboots || !command.isEmpty else {
            throw ValidationError("--reboots speaks of COMMAND, which is not there")
        }
    }

    func run() async throws {
        let command = try command.isEmpty ? nil : Command(command, searchPath: Command.searchPath)
        let id = announcement.deploymentID ?? newDeploymentID()
        let released = try await release(of: id)
        let open = OpenGate(control: broker.control, id: id, released: released)
        guard let command else {
            if announcement.deploymentID == nil, !json, !Output.standard.isTerminal {
                Output.standard.line(id)
            }
            return open.explainCompletion()
        }
        try await open.run(command, reboots: reboots)
    }

    /// Nil where nobody was asked.
    private func release(of id: String) async throws -> ReleasedShape? {
        var request = announcement.request(id)
        request.reboots = reboots
        let gate = Gate(
            control: broker.control,
            request: request,
            noWait: noWait,
            json: json,
            isInStop: isInStop
        )
        do { return try await gate.wait() } catch {
            if let error = error as? ConnectionError, withoutBroker == .proceed,
                gate.mayProceedWithout(error)
            {
                Output.error.line("reprieve: \(error.message); going ahead without a broker")
                return nil
            }
            if isInStop { Output.error.line("systemd stops the unit nevertheless") }
            throw error
        }
    }

    /// systemd tells only who stops a unit how the unit has fared.
    private var isInStop: Bool { environment("SERVICE_RESULT") != nil }
}
