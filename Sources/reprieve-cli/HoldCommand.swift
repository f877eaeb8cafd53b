// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveTransport

extension Hold.IfUnderway: ExpressibleByArgument {}

struct HoldCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold",
        abstract: "Runs COMMAND, and has every update wait while it runs.",
        discussion: """
            A component for as long as COMMAND takes: each update that is announced meanwhile is \
            deferred, as often as it asks, and may go ahead the moment COMMAND ends. Signals are \
            passed on to COMMAND, and its exit code is that of `reprieve hold`: 128 + n if it \
            died of signal n.

            An update goes ahead all the same when its patience ends (--max-total-defer, \
            --deadline) or when it is forced: that is said on standard error, and COMMAND runs \
            on. Without a broker COMMAND runs undisturbed, and updates wait from the moment \
            there is one.

            If `reprieve hold` is killed, COMMAND runs on, but holds nothing back any more: \
            updates wait a few more seconds for it to return (ReconnectGrace of reprieved), then \
            go ahead.

            Further exit codes: 75 an update is under way, 77 the broker does not let this \
            component hold updates back, 127 COMMAND was not found. Then COMMAND did not run.
            """
    )

    @OptionGroup var component: ComponentOptions

    @Option(
        help: ArgumentHelp("Why an update has to wait, for operators.", valueName: "text"),
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
    var ifUnderway = Hold.IfUnderway.refuse

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp("What must not be interrupted, after --.", valueName: "command")
    )
    var command: [String] = []

    func validate() throws {
        guard lease > 0 else { throw ValidationError("--lease takes some time, such as 30s") }
        guard !command.isEmpty else { throw ValidationError("give the COMMAND to run, after --") }
    }

    func run() async throws {
        let command = try Command(command, searchPath: Command.searchPath)
        let hold = Hold(why: why, leaseMs: lease, ifUnderway: ifUnderway)
        let ending = try await hold.run(command, over: component.link)
        throw ExitCode(ending.exitCode)
    }
}
