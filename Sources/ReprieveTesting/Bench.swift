// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Synchronization

/// Where everything under test runs, one thing after the other, so that one can tell when nothing
/// is left to do.
final class Bench: TaskExecutor {
    private let queue = DispatchQueue(label: "reprieve testing")
    private let state = Mutex(State())

    private struct State {
        /// What is to run or runs.
        var count = 0
        /// What has ever run.
        var total = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
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
        let waiting = state.withLock { state in
            state.count -= 1
            state.total += 1
            guard state.count == 0 else { return [CheckedContinuation<Void, Never>]() }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Returns when nothing is left to run here, nor on the main actor on its behalf.
    func settle() async {
        var before = -1
        while true {
            let total = await idle()
            guard total != before else { return }
            before = total
            await MainActor.run {}
        }
    }

    /// Returns how much has ever run, once nothing runs.
    private func idle() async -> Int {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                if state.count > 0 { state.waiting.append(continuation) }
                return state.count == 0
            }
            if isIdle { continuation.resume() }
        }
        return state.withLock { $0.total }
    }
}
