// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// A clock that stands still until a test advances it.
final class ManualClock: Sendable {
    private let start = SuspendingClock.now
    private let state = Mutex(State())

    private struct State {
        var elapsed = Duration.zero
        var latest = 0
        var sleepers: [Int: Sleeper] = [:]
    }

    private struct Sleeper {
        let deadline: SuspendingClock.Instant
        let continuation: CheckedContinuation<Void, any Error>
    }

    var elapsed: Duration { state.withLock { $0.elapsed } }

    var now: SuspendingClock.Instant { start + elapsed }

    /// The next deadline of a sleeper, counted from the start.
    var nextDeadline: Duration? {
        state.withLock { $0.sleepers.values.map(\.deadline).min() }.map { $0 - start }
    }

    func turn(to elapsed: Duration) {
        let due = state.withLock { state in
            state.elapsed = max(state.elapsed, elapsed)
            let now = start + state.elapsed
            let due = state.sleepers.filter { $0.value.deadline <= now }
            for number in due.keys { state.sleepers[number] = nil }
            return due.sorted { $0.key < $1.key }.map(\.value)
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    func sleep(until deadline: SuspendingClock.Instant) async throws {
        let number = state.withLock { state in
            state.latest += 1
            return state.latest
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let sleeps = state.withLock { state in
                    guard deadline > start + state.elapsed, !Task.isCancelled else { return false }
                    state.sleepers[number] = Sleeper(
                        deadline: deadline,
                        continuation: continuation
                    )
                    return true
                }
                if !sleeps { continuation.resume() }
            }
        } onCancel: {
            let sleeper = state.withLock { $0.sleepers.removeValue(forKey: number) }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
        try Task.checkCancellation()
    }
}
