// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import Synchronization

extension NoticeResponder.OnFailure: WordArgument {}

struct ListenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "listen",
        abstract: "Runs COMMAND for each notice; its exit code is the answer.",
        discussion: """
            This is a component whose answers are given by a script. COMMAND is run without a \
            shell, without standard input, and with these variables in its environment:

              REPRIEVE_EVENT              notice; or outcome, when an update is over
              REPRIEVE_DEPLOYMENT_ID      the update
            for a notice:
              REPRIEVE_REASON             why the update is made
              REPRIEVE_DISRUPTION         what it stops: components, nucleus, or the machine by
                                          soft-reboot, kexec, reboot, power-off or halt
              REPRIEVE_RESTARTS_NUCLEUS   true if it restarts the nucleus and all components
              REPRIEVE_COMPONENTS         the components it concerns, with commas; empty: all
              REPRIEVE_COMPONENTS_COUNT   how many; of a very long list only the first are named
              REPRIEVE_ROUND              1 at the first notice, then counting
              REPRIEVE_FINAL              true: act now, since all others are ready, or it
                                          stops waiting
              REPRIEVE_LAST_CALL          true if it stops waiting soon, whatever the answer
              REPRIEVE_RESPOND_BY_MS      time left to answer
              REPRIEVE_DEADLINE_IN_MS     time left until it stops waiting in any case
              REPRIEVE_MAX_DEFER_MS       the longest deferral that would be granted, unless forced
            for an outcome:
              REPRIEVE_OUTCOME            applied, failed, rolledBack, cancelled or unknown
              REPRIEVE_MESSAGE            a text about it

            Exit code 0 acknowledges. Exit code 75 defers: the first line of standard output says \
            for how long and why, as in "30s recording". Any other exit code acknowledges as well, \
            with a warning, since a mistake in COMMAND must not block updates. But if COMMAND \
            cannot be started in the time to answer, or is killed by a signal, or exits with 126 \
            or more as a shell does then, the component is silent. --on-failure chooses one for \
            all of these; the status and the history show it. The exit code for an outcome is \
            ignored.

            Shortly before the time to answer ends, COMMAND and the processes of its group are \
            sent SIGTERM, at which COMMAND may still exit with 0 or 75, and then SIGKILL. Without \
            an answer the component is silent.

            For each update, one COMMAND runs at a time. Of the notices that arrive meanwhile, \
            only the newest is handled. Different updates do not wait for each other.

            This command runs until SIGTERM (exit code 0) or Ctrl-C (130), and ends COMMAND then. \
            A lost broker is tried again without limit. With exit code 77 the broker does not \
            accept this component.
            """
    )

    @OptionGroup var component: ComponentOptions

    @Option(
        help: ArgumentHelp("The program that answers.", valueName: "command"),
        completion: .file()
    )
    var exec: String

    @Option(
        help: ArgumentHelp(
            "What follows when COMMAND fails (default: acknowledge for an exit code below 126, else"
                + " silent)."
        )
    )
    var onFailure: NoticeResponder.OnFailure?

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp("The arguments of COMMAND, after --.", valueName: "argument"),
        completion: .file()
    )
    var arguments: [String] = []

    func run() async throws {
        let executable = try Executable([exec] + arguments, searchPath: Executable.searchPath)
        let responder = NoticeResponder(executable, onFailure: onFailure)
        let subscription = component.subscription
        try await untilSignal { try await responder.run(with: subscription) }
    }
}

/// Runs `body` until a signal cancels it. SIGTERM is how a service manager stops a service: that is
/// success.
func untilSignal(_ body: @escaping @Sendable () async throws -> Void) async throws {
    let running = Task { try await body() }
    let latest = Mutex<Signal?>(nil)
    do {
        try await Signals.handled { signal in
            latest.withLock { $0 = signal }
            running.cancel()
        } while: {
            try await running.value
        }
    } catch is CancellationError {
        let signal = latest.withLock { $0 }
        if let signal, signal.number != SIGTERM { throw ExitCode(signal.exitCode) }
    }
}
