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
            COMMAND makes the update. It has REPRIEVE_DEPLOYMENT_ID, REPRIEVE_DISRUPTION, \
            REPRIEVE_BASIS, REPRIEVE_SILENT and REPRIEVE_OVERRIDDEN in its environment. Of a very \
            long list only the first components are named; REPRIEVE_SILENT_COUNT and \
            REPRIEVE_OVERRIDDEN_COUNT count all, and --json prints all. When COMMAND ends, the \
            components are told the outcome: applied if it exits with 0, else failed. Without \
            COMMAND the update stays released until `reprieve complete`.

            If a gate with the same --deployment-id and the same request waits already, this one \
            joins it: one of them runs COMMAND, and the others wait for the outcome. They exit \
            with 0 if the update was applied, \(ExitStatus.failed.rawValue) if it failed or was \
            rolled back, \(ExitStatus.notNow.rawValue) if it was refused, \
            \(ExitStatus.cancelled.rawValue) if cancelled, and \(ExitStatus.unknown.rawValue) if \
            its outcome is not known. If the one that waits first ends, the next one takes its \
            place. Without COMMAND all of them exit with 0 when the gate opens: a script that then \
            makes the update takes a lock, as with flock(1).

            Under `reprieve hold`, the update does not wait for that `hold`. Messages that are not \
            read are dropped: they never keep COMMAND from running.

            If `reprieve gate` is killed, COMMAND runs on, and nobody reports its outcome. A gate \
            with the same --deployment-id then runs its COMMAND, perhaps beside the first one: a \
            COMMAND that must not run twice takes a lock, as with flock(1), or runs in a unit.

            Ctrl-C during the wait cancels the update, except in a gate that joined another one.

            In a unit's ExecStop= it keeps systemd waiting until the gate opens. This requires \
            NotifyAccess=exec. The unit is stopped even if the gate does not open, since systemd \
            cannot be refused.
            """
    )

    enum WithoutBroker: String, WordArgument {
        case proceed
        case refuse
    }

    @OptionGroup var broker: BrokerOptions
    @OptionGroup var announcement: AnnouncementOptions
    @OptionGroup var deployment: DeploymentOptions
    @OptionGroup var notRun: NotRunOptions

    @Flag(
        help: "Announce nothing: wait for the outcome of an update that another gate announced."
    )
    var attach = false

    @Flag(
        help: ArgumentHelp(
            "Wait only for the first answer of each component, and cancel the update at the first"
                + " deferral, or if another update comes first."
        )
    )
    var noWait = false

    @Option(help: "What follows when the broker is not reachable.")
    var withoutBroker = WithoutBroker.refuse

    @Flag(
        help: ArgumentHelp(
            "COMMAND only starts a reboot (or what --disruption says): report the outcome after it,"
                + " with `reprieve complete`. If COMMAND fails to start it, the outcome is failed."
        )
    )
    var reboots = false

    @Flag(help: "Do not show the wait, only its end, and what goes wrong.")
    var quiet = false

    @Flag(
        help: ArgumentHelp(
            "Print the events as one line of JSON each; the last one says how it ended, with the"
                + " exit code. What COMMAND prints goes to standard error."
        )
    )
    var json = false

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp(
            "The program that makes the update, after --; it is looked up before the update is"
                + " announced.",
            valueName: "command"
        ),
        completion: .file()
    )
    var command: [String] = []

    func validate() throws {
        guard !reboots || !command.isEmpty else {
            throw ValidationError("--reboots requires a COMMAND")
        }
        try announcement.checkDisruption(reboots: reboots)
        if deployment.deployment != nil { try announcement.checkAlone() }
        guard !attach || (announcement.update != nil && command.isEmpty) else {
            throw ValidationError("--attach requires --deployment-id, and runs no COMMAND")
        }
        guard !attach || announcement.isPlain else {
            throw ValidationError("--attach announces nothing: of the update, give only its id")
        }
    }

    func run() async throws {
        try await notRun.run {
            var command = self
            try await command.adoptDeployment()
            try await command.announce()
        }
    }

    private mutating func adoptDeployment() async throws {
        do {
            guard let plan = try await deployment.plan() else { return }
            try announcement.adopt(plan, reboots: reboots)
        } catch {
            report(error, in: GateReport(announcement.update?.id ?? newDeploymentID()))
            throw error
        }
    }

    private func announce() async throws {
        let report = GateReport(announcement.update?.id ?? newDeploymentID())
        do { try await run(report) } catch {
            self.report(error, in: report)
            throw error
        }
        if json { OutputStream.events.line(report.event()) }
    }

    private func report(_ error: any Error, in report: GateReport) {
        if json { OutputStream.events.line(report.event(after: error, notRun)) }
    }

    private func run(_ report: GateReport) async throws {
        let searchPath = Executable.searchPath
        let executable = try command.isEmpty ? nil : Executable(command, searchPath: searchPath)
        if attach { return try await watch(report, wasReached: false) }
        OwnUpdates.announce(report.deploymentID)
        let session = session(report)
        defer { session.keeper.hangUp() }
        let released = try await release(session)
        if let released, released.joined, executable != nil {
            return try await watch(report, wasReached: true)
        }
        let update = ReleasedUpdate(
            broker: broker,
            report: report,
            released: released,
            disruption: announcement.disruption(reboots: reboots),
            mode: json ? .diagnostic : .foreground,
            keeper: session.keeper
        )
        guard let executable else {
            if announcement.update == nil, !json, !OutputStream.standard.isTerminal {
                OutputStream.standard.line(report.deploymentID)
                try await update.failUnlessWritten()
            }
            return update.explainCompletion()
        }
        try await update.run(executable, reboots: reboots)
    }

    /// Waits for the outcome of an update that another coordinator makes.
    private func watch(_ report: GateReport, wasReached: Bool) async throws {
        let id = report.deploymentID
        let watch = OutcomeWatch(
            control: broker.control,
            id: id,
            wasReached: wasReached,
            isQuiet: quiet
        )
        let outcome = try await watch.wait()
        report.set { ($0.result, $0.outcome) = (.joined, outcome) }
    }

    private func session(_ report: GateReport) -> GateSession {
        GateSession(
            control: broker.control,
            request: announcement.request(
                report.deploymentID,
                reboots: reboots,
                completesLater: command.isEmpty
            ),
            report: report,
            noWait: noWait,
            json: json,
            isQuiet: quiet,
            isInStop: isInStop
        )
    }

    /// Nil where no broker was asked.
    private func release(_ session: GateSession) async throws -> ReleasedShape? {
        do { return try await session.wait() } catch {
            if let error = error as? ConnectionError, withoutBroker == .proceed,
                session.mayProceedWithout(error)
            {
                OutputStream.error.line("reprieve: \(error.message); going ahead without a broker")
                session.report.set { $0.result = .withoutBroker }
                return nil
            }
            if isInStop { OutputStream.error.line("systemd stops the unit nevertheless") }
            throw error
        }
    }

    /// Whether this runs in ExecStop=: systemd sets the variable only there.
    private var isInStop: Bool { environment("SERVICE_RESULT") != nil }
}
