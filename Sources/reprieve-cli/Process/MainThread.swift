// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization

/// Work for the main thread, which starts the child processes: a child inherits the nice value, the
/// processors and all other attributes of the thread that starts it, and other threads have been
/// given attributes of their own.
enum MainThread {
    private struct State {
        /// Whether the main thread performs work, or will.
        var isUsed = false
        var thread: pthread_t?
        var work: [@Sendable () -> Void] = []
    }

    private static let state = Mutex(State())

    /// Interrupts the wait for a signal.
    static let wakeUp = SIGCHLD

    static func reserve() {
        state.withLock { $0.isUsed = true }
    }

    /// Performs `body` on the main thread; in a program that does not reserve it, at once.
    static func perform<Result: Sendable>(
        _ body: @escaping @Sendable () -> Result
    ) async -> Result {
        guard state.withLock({ $0.isUsed }) else { return body() }
        return await withCheckedContinuation { continuation in
            state.withLock { state in
                state.work.append { continuation.resume(returning: body()) }
                if let thread = state.thread { pthread_kill(thread, wakeUp) }
            }
        }
    }

    /// To be called on the main thread before each wait for a signal.
    static func performWork() {
        let work = state.withLock { state in
            state.thread = pthread_self()
            defer { state.work = [] }
            return state.work
        }
        for body in work { body() }
    }
}
