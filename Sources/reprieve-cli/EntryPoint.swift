// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import ReprieveProtocol
internal import Synchronization
internal import Systemd

/// The command `reprieve`. The main thread receives the signals; a task runs the command and ends
/// the program.
@main
enum EntryPoint {
    static func main() {
        // The command moves to the task: this thread only waits for signals from here on.
        let command = parsedCommand()
        if let failure = failureToStartThread() {
            // A login does not wait for, and does not show, what is wrong with the machine.
            if (command as? StatusCommand)?.motd == true { exit(ExitStatus.done.rawValue) }
            failure.print()
            exit(notRunCode(of: command) ?? failure.exitCode)
        }
        let handover = Mutex<(any ParsableCommand)?>(command)
        Task.detached {
            do {
                if let command = handover.withLock({ $0.take() }) { try await run(command) }
                try OutputStream.standard.check()
                exit(ExitStatus.done.rawValue)
            } catch {
                end(with: error)
            }
        }
        Signals.deliver()
    }

    /// Of a command that was to run another.
    private static func notRunCode(of command: any ParsableCommand) -> Int32? {
        switch command {
        case let gate as GateCommand: gate.notRun.notRunCode
        case let hold as HoldCommand: hold.notRun.notRunCode
        default: nil
        }
    }

    /// Tasks that find no thread wait without end, and without a word.
    private static func failureToStartThread() -> Failure? {
        var thread = pthread_t()
        let error = pthread_create(&thread, nil, { _ in nil }, nil)
        guard error != 0 else {
            pthread_join(thread, nil)
            return nil
        }
        let reason = SystemError("start a thread", errno: error).message
        return Failure(.fileError, reason + "; the unit's TasksMax= or the user's limit is reached")
    }

    private static func end(with error: any Error) -> Never {
        if let failure = Failure(error) {
            failure.print()
            exit(failure.exitCode)
        }
        let code = ReprieveCommand.exitCode(for: error).rawValue
        let message = ReprieveCommand.fullMessage(for: error)
        guard !message.isEmpty else { exit(code) }
        // Help that was asked for is a result.
        guard code == 0 else {
            let lines = message.split(separator: "\n", omittingEmptySubsequences: false)
            for line in lines { OutputStream.error.line(printable(String(line), limit: .max)) }
            exit(code)
        }
        OutputStream.standard.line(message)
        do { try OutputStream.standard.check() } catch { end(with: error) }
        exit(code)
    }

    private static func parsedCommand() -> sending any ParsableCommand {
        do {
            if let page = HelpPage(Arguments.rest) {
                OutputStream.standard.write(page.text)
                try OutputStream.standard.check()
                exit(ExitStatus.done.rawValue)
            }
            try ReprieveCommand.check(Arguments.rest)
            let command = try ReprieveCommand.parsed(Arguments.rest)
            switch command {
            case is ListenCommand, is AlertCommand: Signals.takeOver()
            case let window as WindowCommand where !window.check: Signals.takeOver()
            case is GateCommand, is HoldCommand: Signals.takeOver(Signals.all)
            default: break
            }
            return command
        } catch {
            end(with: error)
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
