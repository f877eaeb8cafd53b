// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveTransport

extension UpdateInhibitor.IfUnderway: WordArgument {}

extension UpdateInhibitor.IfWaiting: WordArgument {}

extension UpdateInhibitor.IfDenied: WordArgument {}

struct HoldCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold",
        abstract: "Runs COMMAND, and defers every update while it runs.",
        discussion: """
            This is a component while COMMAND runs: it defers each update that is announced \
            meanwhile, again and again, and acknowledges it as soon as COMMAND ends. It forwards \
            signals to COMMAND, and exits with COMMAND's exit code: 128 + n if COMMAND was killed \
            by signal n.

            An update stops waiting in any case when its budget or its deadline is over \
            (--max-total-defer, --deadline), or when an operator forces it: it goes ahead then, or \
            is refused, where its coordinator or a veto wants that. This is printed on \
            standard error, and COMMAND runs on. Without a broker COMMAND runs, and updates are \
            deferred as soon as there is a broker.

            If `reprieve hold` is killed, COMMAND runs on, and updates are no longer deferred. \
            They wait a few more seconds for `reprieve hold` to reconnect (ReconnectGrace of \
            reprieved), and then go ahead.

            COMMAND may itself run `reprieve gate`: that update does not wait for COMMAND's end. \
            Nor does `reprieve hold` in the COMMAND of `reprieve gate` wait for that update. Both \
            know by REPRIEVE_HOLD and REPRIEVE_DEPLOYMENT_ID in the environment, which sudo may \
            remove.

            In a service of systemd, COMMAND takes the listening sockets and the watchdog over. \
            Its notifications require NotifyAccess=all.

            Where one COMMAND follows the other, an update may never find a time without one. With \
            --if-waiting wait, COMMAND does not begin while an update waits that concerns this \
            component, and begins when that is over. Meanwhile the update is acknowledged. With \
            --if-waiting refuse, COMMAND does not run then (exit code 79). What runs already is \
            not affected. For this, each place of work needs a name of its own: where one process \
            defers an update already, the broker does not ask a second one of that name, and its \
            COMMAND begins.

            With exit code 75 an update is under way, with 77 the broker does not allow this \
            component to defer updates, and with 127 COMMAND was not found. In these cases COMMAND \
            did not run, and --not-run-code gives all of them one exit code of your choice.
            """
    )

    @OptionGroup var component: ComponentOptions

    @Option(
        help: ArgumentHelp("Why updates have to wait, for operators.", valueName: "text"),
        transform: checkedText
    )
    var why: String

    @Option(
        help: ArgumentHelp(
            "How long each deferral lasts; it is renewed while COMMAND runs (default: 30s).",
            valueName: "duration"
        ),
        transform: milliseconds
    )
    var lease: Int64 = 30_000

    @Option(help: "What follows when an update is under way already.")
    var ifUnderway = UpdateInhibitor.IfUnderway.refuse

    @Option(help: "What follows when an update waits already.")
    var ifWaiting = UpdateInhibitor.IfWaiting.start

    @Option(help: "What follows when the broker does not allow this component to defer updates.")
    var ifDenied = UpdateInhibitor.IfDenied.refuse

    @OptionGroup var notRun: NotRunOptions

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp(
            "The program that must not be interrupted, after --.",
            valueName: "command"
        ),
        completion: .file()
    )
    var command: [String] = []

    func validate() throws {
        guard lease > 0 else { throw ValidationError("--lease must be longer than 0, as in 30s") }
        guard !command.isEmpty else { throw ValidationError("give the COMMAND to run, after --") }
    }

    func run() async throws {
        try await notRun.run {
            let executable = try Executable(command, searchPath: Executable.searchPath)
            let inhibitor = UpdateInhibitor(
                why: why,
                leaseMs: lease,
                ifUnderway: ifUnderway,
                ifWaiting: ifWaiting,
                ifDenied: ifDenied
            )
            let end = try await inhibitor.run(executable, with: component.subscription)
            throw ExitCode(end.exitCode)
        }
    }
}
