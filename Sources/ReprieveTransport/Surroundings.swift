// SPDX-License-Identifier: Apache-2.0

/// What a library stands on: real sockets and the real clock, or those that a test holds in hand.
///
/// This is all that differs between the two. Nothing else in the libraries waits for time to pass.
package protocol Surroundings: Sendable {
    var now: ContinuousClock.Instant { get }

    func sleep(until deadline: ContinuousClock.Instant) async throws

    /// What will carry the bytes between this process and the broker at `path`.
    func wire(to path: String) throws(ConnectionError) -> any Wire

    /// Where tasks of the library, and closures that it runs, are to run; nil is anywhere.
    var executor: (any TaskExecutor)? { get }
}

/// Sockets and the clock as they are.
package struct RealSurroundings: Surroundings {
    package init() {}

    package var now: ContinuousClock.Instant { .now }

    package var executor: (any TaskExecutor)? { nil }

    package func sleep(until deadline: ContinuousClock.Instant) async throws {
        try await Task.sleep(until: deadline, clock: .continuous)
    }

    package func wire(to path: String) throws(ConnectionError) -> any Wire {
        try SocketWire(to: path)
    }
}

/// What carries the bytes of one connection.
package protocol Wire: Sendable {
    /// Begins to carry, and hands what arrives to `connection` until one of the two ends it. The
    /// handshake is to be over within `timeout`.
    func start(for connection: Connection, timeout: Duration) throws(ConnectionError)

    /// Sends bytes, in the order of the calls. Never waits, and never calls the connection.
    func send(_ bytes: [UInt8])

    func hangUp()
}
