// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Synchronization

/// `reprieve`: the main thread takes the signals, a task does the work and ends the program.
@main
enum Entry {
    static func main() {
        // Handed over whole: this thread has no further use for it, nor time for its tasks.
        let handover = Mutex<(any ParsableCommand)?>(parsed())
        Task.detached {
            do {
                if let command = handover.withLock({ $0.take() }) { try await run(command) }
                ReprieveCommand.exit()
            } catch {
                ReprieveCommand.exit(withError: explained(error))
            }
        }
        Signals.deliver()
    }

    private static func parsed() -> sending any ParsableCommand {
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

struct ReprieveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reprieve",
        abstract: "Lets components hold back an update until they are ready.",
        discussion: """
            Durations are written 500ms, 30s, 10m or 2h.

            Exit codes: 0 done; 64 wrong usage; 69 the broker is not reachable; 74 a file \
            cannot be read or written; 75 the update may not go ahead, or COMMAND may not begin; \
            76 the update was cancelled; 77 not permitted; 127 COMMAND was not found; 130 \
            interrupted.
            """,
        subcommands: [
            GateCommand.self, StatusCommand.self, CompleteCommand.self, CancelCommand.self,
            ForceCommand.self, HistoryCommand.self, HoldCommand.self, ListenCommand.self,
            TokenCommand.self,
        ]
    )
}
