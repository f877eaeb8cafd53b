// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization
internal import Systemd

/// A child process in the background that may run for a limited time, and whose output is captured.
final class CapturedProcess: Sendable {
    struct Result: Hashable, Sendable {
        let termination: ChildProcess.Termination
        let output: [UInt8]
        /// Whether it was sent a signal to end.
        let wasSignalled: Bool
    }

    private struct State {
        var hasEnded = false
        var wasSignalled = false
    }

    private let child: ChildProcess
    private let output: OutputBuffer
    private let state = Mutex(State())

    /// A failure to start that may pass is tried again until `deadline`.
    init(
        _ executable: Executable,
        environment: [(name: String, value: String)],
        until deadline: ContinuousClock.Instant = .now
    ) async throws {
        let pipe = try Pipe()
        output = OutputBuffer(from: pipe)
        let mode = ChildProcess.Mode.background(output: pipe.writingEnd)
        child = try await .start(executable, environment: environment, in: mode, until: deadline)
    }

    /// Waits until the process ends. At `limit`, or when the task is cancelled, its process group
    /// is sent SIGTERM, and after `grace` more SIGKILL. Only time awake counts: the process was
    /// suspended, too.
    func waitForEnd(within limit: Duration, grace: Duration) async -> Result {
        let terminating = Task {
            try await Task.sleep(for: limit, clock: .suspending)
            signal(SIGTERM)
        }
        let killing = Task {
            try await Task.sleep(for: limit + grace, clock: .suspending)
            signal(SIGKILL)
        }
        await withTaskCancellationHandler {
            await child.waitForEnd()
        } onCancel: {
            signal(SIGTERM)
            Task {
                try await Task.sleep(for: grace, clock: .suspending)
                signal(SIGKILL)
            }
        }
        terminating.cancel()
        killing.cancel()
        return result()
    }

    private func signal(_ number: Int32) {
        state.withLock { state in
            guard !state.hasEnded else { return }
            state.wasSignalled = true
            child.signalGroup(number)
        }
    }

    private func result() -> Result {
        let wasSignalled = state.withLock { state in
            state.hasEnded = true
            return state.wasSignalled
        }
        // Its descendants may ignore SIGTERM. The process id is not reused yet: it is a zombie's.
        if wasSignalled { child.signalGroup(SIGKILL) }
        let output = output.contents()
        return Result(termination: child.reap(), output: output, wasSignalled: wasSignalled)
    }
}
