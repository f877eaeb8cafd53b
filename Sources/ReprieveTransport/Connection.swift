// SPDX-License-Identifier: Apache-2.0

package import EventStream
package import ReprieveProtocol
internal import Synchronization

/// The payloads that answer a request: the response, then the events of a stream. Throws the
/// `ErrorShape` that the broker answers instead, or the `ConnectionError` that ends everything.
/// To stop listening closes the stream.
package typealias Replies = AsyncThrowingStream<[UInt8], any Error>

/// Runs `body` with a connection to the broker at `path`, and hangs up.
///
/// Throws a `ConnectionError` if there is no connection within `timeout`.
package func withConnection<Result>(
    to path: String,
    as who: ConnectRequest = ConnectRequest(),
    timeout: Duration = .seconds(10),
    in surroundings: any Surroundings = RealSurroundings(),
    _ body: (Connection) async throws -> Result
) async throws -> Result {
    let connection = Connection(to: path, over: try surroundings.wire(to: path))
    defer { connection.hangUp() }
    try await connection.open(as: who, timeout: timeout)
    return try await body(connection)
}

/// One connection to a broker: who asked what, and who waits for what answers it. Requests leave
/// in the order in which they are made.
package final class Connection: Sendable {
    package let path: String
    private let wire: any Wire
    private let state = Mutex(State())

    private struct State {
        var end = ClientConnection()
        var decoder = FrameDecoder(limits: .fromBroker)
        /// Who waits for what, by the stream's number; 0 is the handshake.
        var replies: [Int32: Replies.Continuation] = [:]
        var failure: ConnectionError?
    }

    fileprivate init(to path: String, over wire: any Wire) {
        self.path = path
        self.wire = wire
    }

    /// Whether the handshake goes on.
    package var isConnecting: Bool { state.withLock { $0.replies[0] != nil } }

    package var hasFailed: Bool { state.withLock { $0.failure != nil } }
}

// MARK: - Requests

extension Connection {
    fileprivate func open(as who: ConnectRequest, timeout: Duration) async throws {
        let (handshake, continuation) = Replies.makeStream()
        state.withLock { $0.replies[0] = continuation }
        try wire.start(for: self, timeout: timeout)
        state.withLock { wire.send($0.end.connect(who)) }
        for try await _ in handshake { return }
        throw CancellationError()
    }

    /// The response to a request.
    package func call(_ operation: Operation, _ request: some Shape) async throws -> [UInt8] {
        for try await response in stream(operation, request) { return response }
        try Task.checkCancellation()
        throw ConnectionError(.broken, path, because: "the broker ended a request unanswered")
    }

    /// The response to a request and the events that follow it.
    package func stream(_ operation: Operation, _ request: some Shape) -> Replies {
        let (replies, continuation) = Replies.makeStream()
        let payload = request.encoded()
        let opened = state.withLock { state -> Result<Int32, ConnectionError> in
            if let failure = state.failure { return .failure(failure) }
            let (stream, frame) = state.end.request(operation, payload)
            state.replies[stream] = continuation
            wire.send(frame)
            return .success(stream)
        }
        switch opened {
        case .failure(let failure): continuation.finish(throwing: failure)
        case .success(let stream):
            continuation.onTermination = { [weak self] reason in
                if case .cancelled = reason { self?.close(stream) }
            }
        }
        return replies
    }

    /// Returns when everything that the broker had said before it heard of this has been handed on.
    /// One at a time.
    package func roundTrip() async throws {
        let (replies, continuation) = Replies.makeStream()
        let failure = state.withLock { state -> ConnectionError? in
            guard state.failure == nil else { return state.failure }
            state.replies[ClientConnection.pingStream] = continuation
            wire.send(state.end.ping())
            return nil
        }
        if let failure { throw failure }
        for try await _ in replies { return }
        throw CancellationError()
    }

    private func close(_ stream: Int32) {
        state.withLock { state in
            state.replies[stream] = nil
            if let frame = state.end.close(stream) { wire.send(frame) }
        }
    }

    fileprivate func hangUp() {
        fail(ConnectionError(.broken, path, because: "it was closed from this side"))
    }
}

// MARK: - What arrives

extension Connection {
    /// Takes bytes that arrived, in any pieces.
    package func receive(_ bytes: [UInt8]) throws(FrameError) {
        state.withLock { $0.decoder.append(bytes) }
        while let frame = try nextFrame() { receive(frame) }
    }

    private func nextFrame() throws(FrameError) -> Frame? {
        let result = state.withLock { state in
            Result { () throws(FrameError) in try state.decoder.next() }
        }
        return try result.get()
    }

    private func receive(_ frame: Frame) {
        let delivery = state.withLock { state in
            state.end.receive(frame).flatMap { take($0, &state) }
        }
        // A continuation may call back, so none is called under the lock.
        delivery?()
    }

    private func take(_ event: ClientConnection.Event, _ state: inout State) -> (() -> Void)? {
        switch event {
        case .connected:
            return deliver([], to: 0, isLast: true, &state)
        case .denied:
            return { [self] in fail(ConnectionError(.denied, path)) }
        case .response(let stream, let payload, let isLast),
            .event(let stream, let payload, let isLast):
            return deliver(payload, to: stream, isLast: isLast, &state)
        case .failed(let stream, let error):
            let waiting = state.replies.removeValue(forKey: stream)
            return { waiting?.finish(throwing: error) }
        case .ended(let stream):
            let waiting = state.replies.removeValue(forKey: stream)
            return { waiting?.finish() }
        case .reply(let frame):
            wire.send(frame)
            return nil
        case .broken(let reason):
            return { [self] in fail(broken(reason)) }
        }
    }

    private func deliver(
        _ payload: [UInt8],
        to stream: Int32,
        isLast: Bool,
        _ state: inout State
    ) -> () -> Void {
        let waiting = isLast ? state.replies.removeValue(forKey: stream) : state.replies[stream]
        return {
            waiting?.yield(payload)
            if isLast { waiting?.finish() }
        }
    }

    /// In the handshake, nonsense means that this is no broker.
    package func broken(_ reason: String) -> ConnectionError {
        ConnectionError(isConnecting ? .notABroker : .broken, path, because: reason)
    }

    /// Hangs up, and ends everything that waits. Only the first failure counts.
    package func fail(_ error: ConnectionError) {
        let waiting = state.withLock { state -> [Int32: Replies.Continuation] in
            guard state.failure == nil else { return [:] }
            state.failure = error
            defer { state.replies = [:] }
            return state.replies
        }
        for continuation in waiting.values { continuation.finish(throwing: error) }
        wire.hangUp()
    }
}
