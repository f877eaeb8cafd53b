// SPDX-License-Identifier: Apache-2.0

internal import ReprieveTransport
internal import Synchronization

/// Keeps the connection of a coordinator open while it makes its update. If the connection is lost,
/// as in a restart of the broker, another one takes its place.
package final class ConnectionKeeper: Sendable {
    private let keeping = Mutex<Task<Void, Never>?>(nil)

    package init() {}

    deinit { hangUp() }

    /// `replace` returns a new connection, or nil if there is nothing to connect for any more.
    func keep(_ first: Connection, replacingBy replace: @escaping @Sendable () async -> Connection?)
    {
        let task = Task {
            var kept: Connection? = first
            while let connection = kept {
                await withTaskCancellationHandler {
                    await connection.waitForEnd()
                } onCancel: {
                    connection.hangUp()
                }
                kept = Task.isCancelled ? nil : await replace()
            }
        }
        keeping.withLock { $0 = task }
    }

    package func hangUp() {
        keeping.withLock { $0.take() }?.cancel()
    }
}
