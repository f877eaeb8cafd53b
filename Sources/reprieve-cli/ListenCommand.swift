// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import Synchronization

struct ListenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "listen",
        abstract: "Runs COMMAND for each notice of an update: its exit code is the answer.",
        discussion: """
            A component that is a script. COMMAND is run without a shell, with nothing on its \
            standard input, and with these in its environment:

              REPRIEVE_EVENT              notice, or outcome when an update is over
              REPRIEVE_DEPLOYMENT_ID      the update
            of a notice:
              REPRIEVE_REASON             why it is made
              REPRIEVE_RESTARTS_NUCLEUS   true if it restarts the nucleus, and so all
              REPRIEVE_COMPONENTS         whom it concerns, with commas; empty: all
              REPRIEVE_ROUND              1 at the first notice, then counting
              REPRIEVE_FINAL              true if all others are ready: act only now
              REPRIEVE_LAST_CALL          true if it goes ahead soon, whatever the answer
              REPRIEVE_RESPOND_BY_MS      time left to answer
              REPRIEVE_DEADLINE_IN_MS     time left until it goes ahead regardless
              REPRIEVE_MAX_DEFER_MS       the longest deferral that would be granted
            of an outcome:
              REPRIEVE_OUTCOME            applied, failed, rolledBack, cancelled or unknown
              REPRIEVE_MESSAGE            more about it

            Exit code 0 acknowledges. 75 defers: the first line of standard output says for how \
            long and why, as in "30s recording". Any other exit code is a mistake in COMMAND \
            that stops no update: it acknowledges, with a warning. The exit code for an outcome \
            counts for nothing.

            Shortly before the time to answer ends COMMAND is ended, with all that it has \
            started: by SIGTERM, at which it may still exit with 0 or 75, then by SIGKILL. \
            Without an answer the component is silent.

            For each update COMMAND runs once at a time, and of the notices that come meanwhile \
            only the newest counts; different updates do not wait for each other.

            It runs until SIGTERM (exit code 0) or Ctrl-C (130), which end COMMAND, too. A lost \
            broker is tried again for ever; 77 if the broker does not let this component in.
            """
    )

    @OptionGroup var component: ComponentOptions

    @Option(help: ArgumentHelp("The program that answers.", valueName: "command"))
    var exec: String

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp("What COMMAND is told, after --.", valueName: "argument")
    )
    var arguments: [String] = []

    func run() async throws {
        let command = try Command([exec] + arguments, searchPath: Command.searchPath)
        let listening = Task { try await Listener(command).run(over: component.link) }
        let latest = Mutex<Signal?>(nil)
        do {
            try await Signals.handled { signal in
                latest.withLock { $0 = signal }
                listening.cancel()
            } while: {
                try await listening.value
            }
        } catch is CancellationError {
            // To be stopped by a service manager is how it ends well.
            let signal = latest.withLock { $0 }
            if let signal, signal.number != SIGTERM { throw ExitCode(signal.exitCode) }
        }
    }
}
