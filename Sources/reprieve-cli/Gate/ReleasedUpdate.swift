// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import ReprieveCoordinator
internal import ReprieveProtocol
internal import ReprieveTransport
internal import Synchronization
internal import Systemd

/// An update whose gate has opened, or which goes ahead without a broker.
struct ReleasedUpdate {
    let broker: BrokerOptions
    let report: GateReport
    /// Nil without a broker.
    let released: ReleasedShape?
    let disruption: Disruption
    let mode: ChildProcess.Mode
    let keeper: ConnectionKeeper

    private var id: String { report.deploymentID }

    /// Runs the program that makes the update, and reports the outcome.
    func run(_ executable: Executable, reboots: Bool) async throws {
        let child: ChildProcess
        do {
            child = try await .start(executable, environment: environment, in: mode)
        } catch {
            await tell(.failed, error.message)
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
            await tell(end.isSuccess ? .applied : .failed, end.isSuccess ? nil : end.text)
            if reboots { await ShutdownBlocker.report() }
        }
        if !end.isSuccess { throw ExitCode(end.exitCode) }
    }

    private var environment: [(name: String, value: String)] {
        [
            ("REPRIEVE_DEPLOYMENT_ID", id),
            ("REPRIEVE_BASIS", released?.basis.rawValue ?? ""),
            ("REPRIEVE_DISRUPTION", disruption.rawValue),
        ]
            + variables("REPRIEVE_SILENT", released?.silent ?? [])
            + variables("REPRIEVE_OVERRIDDEN", released?.overridden ?? [])
    }

    /// The program has ended already, so a failure to report is only a warning.
    private func tell(_ outcome: Outcome, _ message: String?) async {
        guard released != nil else { return }
        await keeper.settle()
        let request = CompleteRequest(deploymentID: id, outcome: outcome, message: message)
        do {
            try await Signals.handled {
                _exit($0.exitCode)
            } while: {
                try await broker.control.completePatiently(request) { error in
                    let limit = ControlClient.patience
                    let text = "\(error.message); trying for \(limit) to report the outcome"
                    OutputStream.error.line("reprieve: " + text)
                }
            }
            report.set { $0.outcome = outcome }
            OutputStream.error.line("the components are told the outcome: \(outcome.word)")
        } catch {
            let reason = Failure(error).map { ": " + $0.message } ?? ""
            let text = "the outcome \(outcome.word) is not reported"
            OutputStream.error.line("reprieve: " + text + reason)
            // An error of the broker is final: the update is not there, or has ended otherwise.
            if !(error is ErrorShape) { explainCompletion() }
        }
    }

    /// Nobody makes an update whose id was not written where it is read.
    func failUnlessWritten() async throws {
        do { try OutputStream.standard.check() } catch {
            await tell(.failed, "its id could not be written")
            throw error
        }
    }

    /// Says how to report the outcome later.
    func explainCompletion() {
        guard released != nil else { return }
        let command = completionCommand(id, controlSocket: broker.controlSocket)
        OutputStream.error.line("when the update is done, run: " + command)
    }
}
