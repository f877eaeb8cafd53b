// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Synchronization

/// The command `reprieve`. The main thread receives the signals; a task runs the command and ends
/// the program.
@main
enum EntryPoint {
    static func main() {
        // The command moves to the task: this thread only waits for signals from here on.
        let handover = Mutex<(any ParsableCommand)?>(parsedCommand())
        Task.detached {
            do {
                if let command = handover.withLock({ $0.take() }) { try await run(command) }
                ReprieveCommand.exit()
            } catch {
                end(with: error)
            }
        }
        Signals.deliver()
    }

    private static func end(with error: any Error) -> Never {
        guard let failure = Failure(error) else { ReprieveCommand.exit(withError: error) }
        failure.print()
        ReprieveCommand.exit(withError: ExitCode(failure.exitCode))
    }

    private static func parsedCommand() -> sending any ParsableCommand {
        do {
            let command = try ReprieveCommand.parseAsRoot()
            switch command {
            case is GateCommand, is ListenCommand: Signals.takeOver()
            case is HoldCommand: Signals.takeOver(Signals.all)
            default: break
            }
            return command
        } catch {
            ReprieveCommand.exit(withError: error)
        }
    }

    private static func run(_ command: sending any ParsableCommand) async throws {
        var command = command
        if var command = command as? any AsyncParsableCommand {
            try await command.run()
        } else {
            try command.run()
        }
    }
}
