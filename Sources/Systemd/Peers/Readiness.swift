// SPDX-License-Identifier: Apache-2.0

import CSystemd

/// What a peer's socket is ready for.
package struct Readiness: Equatable, Sendable {
    let events: UInt32

    /// Reading will not block. True also at a hang-up: there may be bytes before the end.
    package var canRead: Bool {
        events & (EPOLLIN.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0
    }

    /// Writing will not block. False unless it was asked for.
    package var canWrite: Bool { events & EPOLLOUT.rawValue != 0 }

    /// The connection has ended in both directions.
    package var isHungUp: Bool { events & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 }
}
