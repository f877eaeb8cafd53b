// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import ReprieveCoordinator
internal import ReprieveProtocol
internal import Synchronization

/// What follows when a gate has opened, or when there is no broker and nobody minds.
struct OpenGate {
    let control: Control
    let id: String
    let released: ReleasedShape?

    func run(_ command: Command, reboots: Bool) async throws {
        let child: Child
        do { child = try Child(command, environment: environment) } catch {
            await report(.failed, error.message)
            throw error
        }
        let wasInterrupted = Mutex(false)
        await Signals.handled { signal in
            wasInterrupted.withLock { $0 = true }
            child.pass(signal)
        } while: {
            await child.end()
        }
        let ending = child.reap()
        // Whatever ends by a signal while it starts a reboot is ended by that reboot.
        let isRebooting = ending.isGood || ending.isKilled || wasInterrupted.withLock { $0 }
        if reboots, isRebooting {
            explainCompletion()
        } else {
            await report(ending.isGood ? .applied : .failed, ending.isGood ? nil : ending.text)
        }
        if !ending.isGood { throw ExitCode(ending.exitCode) }
    }

    private var environment: [(name: String, value: String)] {
        [
            ("REPRIEVE_DEPLOYMENT_ID", id),
            ("REPRIEVE_BASIS", released?.basis.rawValue ?? ""),
            ("REPRIEVE_SILENT", (released?.silent ?? []).joined(separator: ",")),
            ("REPRIEVE_OVERRIDDEN", (released?.overridden ?? []).joined(separator: ",")),
        ]
    }

    /// The command has ended, whatever comes of this: a failure is a warning.
    private func report(_ outcome: Outcome, _ message: String?) async {
        guard released != nil else { return }
        let request = CompleteRequest(deploymentID: id, outcome: outcome, message: message)
        do {
            try await Signals.handled {
                _exit($0.exitCode)
            } while: {
                try await control.completePatiently(request)
            }
            Output.error.line("the components are told: \(outcome.rawValue)")
        } catch {
            Output.error.line("reprieve: the outcome, \(outcome.rawValue), is not reported")
            _ = explained(error)
            explainCompletion()
        }
    }

    func explainCompletion() {
        guard released != nil else { return }
        Output.error.line("when the update is done: reprieve complete \(shown(id))")
    }
}
