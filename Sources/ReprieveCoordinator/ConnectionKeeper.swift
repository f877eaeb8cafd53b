// SPDX-License-Identifier: Apache-2.0

internal import ReprieveTransport
internal import Synchronization

/// Keeps the connection of a coordinator open while it makes its update.
package final class ConnectionKeeper: Sendable {
    private let connection = Mutex<Connection?>(nil)

    package init() {}

    deinit { hangUp() }

    func keep(_ kept: Connection) {
        connection.withLock { $0 = kept }
    }

    package func hangUp() {
        let kept = connection.withLock { $0.take() }
        kept?.hangUp()
    }
}
