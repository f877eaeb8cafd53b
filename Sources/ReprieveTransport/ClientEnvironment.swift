// SPDX-License-Identifier: Apache-2.0

/// The clock, the executor and the sockets that a client library uses: those of the system, or
/// those of a test.
///
/// The libraries reach time and the broker only through it.
package protocol ClientEnvironment: Sendable {
    /// Counts while the device is awake, as a broker's response times do.
    var now: SuspendingClock.Instant { get }

    func sleep(until deadline: SuspendingClock.Instant) async throws

    /// The wire to the broker at `path`.
    func wire(to path: String) throws(ConnectionError) -> any Wire

    /// Where the library's tasks and the closures of its caller run; nil for the default executor.
    var executor: (any TaskExecutor)? { get }
}

/// The clock and the sockets of the system.
package struct SystemEnvironment: ClientEnvironment {
    package init() {}

    package var now: SuspendingClock.Instant { .now }

    package var executor: (any TaskExecutor)? { nil }

    package func sleep(until deadline: SuspendingClock.Instant) async throws {
        try await Task.sleep(until: deadline, clock: .suspending)
    }

    package func wire(to path: String) throws(ConnectionError) -> any Wire {
        try SocketWire(to: path)
    }
}

/// Carries the bytes of one connection.
package protocol Wire: Sendable {
    /// Starts to carry bytes, and passes those that arrive to `connection` until one side hangs up.
    /// Fails the connection if the handshake takes longer than `timeout`.
    func start(for connection: Connection, timeout: Duration) throws(ConnectionError)

    /// Sends bytes, in the order of the calls. Does not wait, and does not call the connection.
    func send(_ bytes: [UInt8])

    /// Looks anew at the time that the connection leaves for replies. What does not come in time
    /// is given up.
    func limitChanged()

    func hangUp()
}
