// SPDX-License-Identifier: Apache-2.0

package import ReprieveProtocol
package import ReprieveTransport
internal import StrictJSON

/// The client of a broker's control socket: what a nucleus or an operator may ask of the broker.
/// Each request has a connection of its own.
///
/// Throws the `ConnectionError` that prevented the request, the `ErrorShape` that the broker
/// answered, or a `GateError` for an end that is not known here.
package struct ControlClient: Hashable, Sendable {
    package var path: String
    /// How long the broker may take to accept a connection.
    package var handshakeTimeout = Duration.seconds(10)
    /// How long it may take to respond to a request.
    package var responseTimeout = Limits.responseTimeout

    package init(path: String? = nil) {
        self.path = path ?? SocketPath.control
    }

    /// The same client for a program that is about to end.
    package var hurried: ControlClient {
        var client = self
        client.handshakeTimeout = .milliseconds(900)
        client.responseTimeout = .milliseconds(900)
        return client
    }

    package func complete(_ request: CompleteRequest) async throws {
        _ = try await call(.completeUpdate, request)
    }

    package func cancel(_ request: ReasonedRequest) async throws {
        _ = try await call(.cancelUpdate, request)
    }

    package func force(_ request: ReasonedRequest) async throws {
        _ = try await call(.forceUpdate, request)
    }

    package func status() async throws -> StatusShape {
        try await call(.getStatus, Empty()).read(as: StatusShape.self, at: path)
    }

    package func history(_ request: HistoryRequest) async throws -> HistoryShape {
        try await call(.getHistory, request).read(as: HistoryShape.self, at: path)
    }

    package func metrics() async throws -> MetricsShape {
        try await call(.getMetrics, Empty()).read(as: MetricsShape.self, at: path)
    }

    /// Passes on the status, as it is now and at each change, until the task is cancelled.
    package func watch(_ handle: (StatusShape) async throws -> Void) async throws {
        try await withConnection(to: path, timeout: handshakeTimeout) { connection in
            let (_, events) = try await connection.subscribe(
                .watchStatus,
                Empty(),
                within: responseTimeout
            )
            for try await payload in events {
                try await handle(payload.read(as: StatusEvent.self, at: path).status)
            }
            try Task.checkCancellation()
            throw ConnectionError(.broken, path, because: "the broker ended the stream")
        }
    }

    /// The same, also across restarts of the broker, which is tried again for `limit`, or without
    /// one. `lost` is told of the first failure of each series. A broker that was never reached is
    /// an error.
    package func watchPatiently(
        wasReached: Bool = false,
        for limit: Duration = .seconds(1 << 40),
        lost: (ConnectionError) -> Void,
        _ handle: (StatusShape) async throws -> Void
    ) async throws {
        var retries = RetryWindow(limit)
        var wasReached = wasReached
        while true {
            do {
                try await watch { status in
                    (wasReached, retries) = (true, RetryWindow(limit))
                    try await handle(status)
                }
            } catch let error as ConnectionError {
                guard wasReached else { throw error }
                if retries.isFresh, error.isTemporary { lost(error) }
                guard let delay = retries.delay(after: error) else { throw error }
                try await Task.sleep(for: delay)
            }
        }
    }

    private func call(_ operation: Operation, _ request: some Shape) async throws -> [UInt8] {
        try await withConnection(to: path, timeout: handshakeTimeout) { connection in
            try await connection.call(operation, request, within: responseTimeout)
        }
    }
}

extension [UInt8] {
    func read<Value: Shape>(as: Value.Type, at path: String) throws(ConnectionError) -> Value {
        do { return try Value(decoding: self, limits: .fromBroker) } catch {
            throw ConnectionError(.broken, path, because: error.message)
        }
    }
}
