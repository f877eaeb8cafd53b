// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

/// The option of every command that exits with the exit code of a COMMAND.
struct NotRunOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The exit code if COMMAND did not run, whatever the reason but for wrong usage, so that"
                + " it can be told from COMMAND's own (default: a code for each reason).",
            valueName: "code"
        )
    )
    var notRunCode: Int32?

    func validate() throws {
        guard 1...255 ~= notRunCode ?? 1 else {
            throw ValidationError("--not-run-code must be from 1 to 255")
        }
    }

    /// Runs `body`, whose failures all mean that COMMAND did not run.
    func run(_ body: () async throws -> Void) async throws {
        do { try await body() } catch {
            guard let notRunCode, let failure = Failure(error) else { throw error }
            failure.print()
            throw ExitCode(notRunCode)
        }
    }
}
