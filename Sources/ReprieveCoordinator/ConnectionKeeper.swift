// SPDX-License-Identifier: Apache-2.0

internal import ReprieveTransport
internal import Synchronization

/// Keeps the connection of a coordinator open while it makes its update. If the connection is lost,
/// as in a restart of the broker, another one takes its place.
package final class ConnectionKeeper: Sendable {
    private struct State {
        var keeping: Task<Void, Never>?
        var replacing: Task<Connection?, Never>?
        var isSettled = false
    }

    private let state = Mutex(State())

    package init() {}

    deinit { hangUp() }

    /// `replace` returns a new connection, or nil if there is nothing to connect for any more.
    func keep(_ first: Connection, replacingBy replace: @escaping @Sendable () async -> Connection?)
    {
        let task = Task { [weak self] in
            var kept: Connection? = first
            while let connection = kept {
                await withTaskCancellationHandler {
                    await connection.waitForEnd()
                } onCancel: {
                    connection.hangUp()
                }
                kept = Task.isCancelled ? nil : await self?.replacement(replace)?.value
            }
        }
        state.withLock { $0.keeping = task }
    }

    private func replacement(
        _ replace: @escaping @Sendable () async -> Connection?
    ) -> Task<Connection?, Never>? {
        state.withLock { state in
            state.replacing = state.isSettled ? nil : Task { await replace() }
            return state.replacing
        }
    }

    /// From now on no connection is replaced. To be called before the outcome is reported: an
    /// update that is over would be announced again.
    package func settle() async {
        let replacing = state.withLock { state in
            state.isSettled = true
            return state.replacing
        }
        replacing?.cancel()
        _ = await replacing?.value
    }

    package func hangUp() {
        let state = state.withLock { state in
            defer { state.isSettled = true }
            return state
        }
        state.keeping?.cancel()
        state.replacing?.cancel()
    }
}
