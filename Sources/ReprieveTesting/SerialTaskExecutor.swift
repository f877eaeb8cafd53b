// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Synchronization

/// Runs one job after the other, and knows when none is left. The broker and all tasks of the
/// libraries under test run on it.
final class SerialTaskExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "reprieve testing")
    private let state = Mutex(State())

    private struct State {
        /// The jobs that wait or run.
        var count = 0
        /// The jobs that have ended, in all.
        var total = 0
        var continuations: [CheckedContinuation<Void, Never>] = []
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.count += 1 }
        queue.async { [self] in
            job.runSynchronously(on: asUnownedTaskExecutor())
            finish()
        }
    }

    private func finish() {
        let continuations = state.withLock { state in
            state.count -= 1
            state.total += 1
            guard state.count == 0 else { return [CheckedContinuation<Void, Never>]() }
            defer { state.continuations = [] }
            return state.continuations
        }
        for continuation in continuations { continuation.resume() }
    }

    /// Returns when no job is left, neither here nor on the main actor.
    func settle() async {
        var before = -1
        while true {
            let total = await idle()
            guard total != before else { return }
            before = total
            await MainActor.run {}
        }
    }

    /// Waits until no job runs. Returns how many have ended.
    private func idle() async -> Int {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                if state.count > 0 { state.continuations.append(continuation) }
                return state.count == 0
            }
            if isIdle { continuation.resume() }
        }
        return state.withLock { $0.total }
    }
}
