// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import ReprieveCoordinator
internal import ReprieveProtocol
internal import Synchronization

/// An update whose gate has opened, or which goes ahead without a broker.
struct ReleasedUpdate {
    let control: ControlClient
    let id: String
    /// Nil without a broker.
    let released: ReleasedShape?

    /// Runs the program that makes the update, and reports the outcome.
    func run(_ executable: Executable, reboots: Bool) async throws {
        let child: ChildProcess
        do { child = try await .start(executable, environment: environment) } catch {
            await report(.failed, error.message)
            throw error
        }
        let wasInterrupted = Mutex(false)
        await Signals.handled { signal in
            wasInterrupted.withLock { $0 = true }
            child.forward(signal)
        } while: {
            await child.waitForEnd()
        }
        let end = child.reap()
        // A signal that ends the program after it started a reboot is part of that reboot.
        let isRebooting = end.isSuccess || end.isKilled || wasInterrupted.withLock { $0 }
        if reboots, isRebooting {
            explainCompletion()
        } else {
            await report(end.isSuccess ? .applied : .failed, end.isSuccess ? nil : end.text)
        }
        if !end.isSuccess { throw ExitCode(end.exitCode) }
    }

    private var environment: [(name: String, value: String)] {
        [
            ("REPRIEVE_DEPLOYMENT_ID", id),
            ("REPRIEVE_BASIS", released?.basis.rawValue ?? ""),
        ]
            + variables("REPRIEVE_SILENT", released?.silent ?? [])
            + variables("REPRIEVE_OVERRIDDEN", released?.overridden ?? [])
    }

    /// The program has ended already, so a failure to report is only a warning.
    private func report(_ outcome: Outcome, _ message: String?) async {
        guard released != nil else { return }
        let request = CompleteRequest(deploymentID: id, outcome: outcome, message: message)
        do {
            try await Signals.handled {
                _exit($0.exitCode)
            } while: {
                try await control.completePatiently(request)
            }
            OutputStream.error.line("the components are told the outcome: \(outcome.rawValue)")
        } catch {
            let reason = Failure(error).map { ": " + $0.message } ?? ""
            OutputStream.error.line("reprieve: the outcome is not reported" + reason)
            explainCompletion()
        }
    }

    /// Says how to report the outcome later.
    func explainCompletion() {
        guard released != nil else { return }
        OutputStream.error.line("when the update is done, run: reprieve complete \(shown(id))")
    }
}
