// SPDX-License-Identifier: Apache-2.0

internal import EventStream
package import ReprieveProtocol
internal import Synchronization

/// Runs `body` with a connection to the broker at `path`, then hangs up. Without a `request`, it is
/// one of a coordinator or an operator, who need no name.
///
/// Throws a `ConnectionError` if the handshake does not end within `timeout`.
package func withConnection<Result>(
    to path: String,
    as request: ConnectRequest? = nil,
    timeout: Duration = .seconds(10),
    in environment: any ClientEnvironment = SystemEnvironment(),
    _ body: (Connection) async throws -> Result
) async throws -> Result {
    let connection = try await Connection.opened(
        to: path,
        as: request,
        timeout: timeout,
        in: environment
    )
    defer { connection.hangUp() }
    return try await body(connection)
}

/// One connection to a broker. Requests leave in the order in which they are made.
///
/// The lock is never held while a continuation is resumed, since that may call back.
package final class Connection: Sendable {
    package let path: String
    let wire: any Wire
    /// What the client says that it is; nil for a coordinator or an operator.
    let request: ConnectRequest?
    let state = Mutex(State())

    struct State {
        var end = ClientConnection()
        var decoder = FrameDecoder(limits: .fromBroker)
        var replies = ReplyTable()
        var failure: ConnectionError?
        /// How many frames have arrived as a whole.
        var frames = 0
    }

    fileprivate init(to path: String, as request: ConnectRequest?, over wire: any Wire) {
        self.path = path
        self.request = request
        self.wire = wire
    }

    /// Opens a connection, which the caller hangs up.
    package static func opened(
        to path: String,
        as request: ConnectRequest? = nil,
        timeout: Duration,
        in environment: any ClientEnvironment = SystemEnvironment()
    ) async throws -> Connection {
        let wire = try environment.wire(to: path)
        let connection = Connection(to: path, as: request, over: wire)
        do { try await connection.open(timeout: timeout) } catch {
            connection.hangUp()
            throw error
        }
        return connection
    }

    /// Whether the handshake is under way.
    package var isConnecting: Bool { state.withLock { $0.replies[0] != nil } }

    package var hasFailed: Bool { state.withLock { $0.failure != nil } }

    fileprivate func open(timeout: Duration) async throws {
        let (handshake, continuation) = Replies.makeStream()
        state.withLock { $0.replies[0] = continuation }
        try wire.start(for: self, timeout: timeout)
        state.withLock { wire.send($0.end.connect(request ?? ConnectRequest())) }
        for try await _ in handshake { return }
        throw CancellationError()
    }

    package func hangUp() {
        fail(ConnectionError(.broken, path, because: "it was closed from this side"))
    }

    /// Hangs up, and ends all requests with `error`. Only the first failure counts.
    package func fail(_ error: ConnectionError) {
        let continuations = state.withLock { state -> [Replies.Continuation] in
            guard state.failure == nil else { return [] }
            state.failure = error
            defer { state.replies = ReplyTable() }
            return state.replies.continuations
        }
        for continuation in continuations { continuation.finish(throwing: error) }
        wire.hangUp()
    }
}

// MARK: - Requests

extension Connection {
    /// The response to a request.
    package func call(
        _ operation: Operation,
        _ request: some Shape,
        within timeout: Duration = Limits.responseTimeout
    ) async throws -> [UInt8] {
        try await subscribe(operation, request, within: timeout).response
    }

    /// The response to a request, and the events that follow it. Throws as `Replies` does.
    package func subscribe(
        _ operation: Operation,
        _ request: some Shape,
        within timeout: Duration = Limits.responseTimeout
    ) async throws -> (response: [UInt8], events: Replies) {
        let replies = stream(operation, request, within: timeout)
        return (try await response(of: replies), replies)
    }

    /// The first of the replies.
    package func response(of replies: Replies) async throws -> [UInt8] {
        for try await response in replies { return response }
        try Task.checkCancellation()
        throw ConnectionError(.broken, path, because: "the broker ended a request unanswered")
    }

    /// The response to a request, then the events. The request has been sent on return. If the
    /// response does not come within `timeout`, the connection fails.
    package func stream(
        _ operation: Operation,
        _ request: some Shape,
        within timeout: Duration? = nil
    ) -> Replies {
        let (replies, continuation) = Replies.makeStream(of: operation.inbox)
        let payload = request.encoded()
        let opened = state.withLock { state -> Result<Int32, ConnectionError> in
            if let failure = state.failure { return .failure(failure) }
            guard state.replies.count < Limits.unansweredRequests else {
                return .failure(tooManyRequests)
            }
            let (stream, frame) = state.end.request(operation, payload)
            state.replies[stream] = continuation
            let limit = timeout.map { ReplyLimit(stream, operation, within: $0) }
            if let limit { state.replies.setLimit(limit) }
            wire.send(frame)
            return .success(stream)
        }
        switch opened {
        case .failure(let failure):
            continuation.finish(throwing: failure)
            // In a task of its own: the caller may hold a lock that the other requests need.
            Task { fail(failure) }
        case .success(let stream):
            if timeout != nil { wire.limitChanged() }
            continuation.onCancel { [weak self] in self?.close(stream) }
        }
        return replies
    }

    /// Returns when all that the broker sent before it read this has been passed on. Throws if that
    /// takes longer than `timeout`. One at a time.
    package func roundTrip(within timeout: Duration? = nil) async throws {
        let (replies, continuation) = Replies.makeStream()
        let failure = state.withLock { state -> ConnectionError? in
            guard state.failure == nil else { return state.failure }
            let stream = ClientConnection.pingStream
            state.replies[stream] = continuation
            if let timeout { state.replies.setLimit(ReplyLimit(stream, within: timeout)) }
            wire.send(state.end.ping())
            return nil
        }
        if let failure { throw failure }
        if timeout != nil { wire.limitChanged() }
        for try await _ in replies { return }
        throw CancellationError()
    }

    /// Returns when the connection has ended, or the task is cancelled. One at a time.
    package func waitForEnd() async {
        let (replies, continuation) = Replies.makeStream()
        let isOpen = state.withLock { state in
            if state.failure == nil { state.replies[Self.endStream] = continuation }
            return state.failure == nil
        }
        guard isOpen else { return }
        do { for try await _ in replies {} } catch {}
    }

    /// Not the number of any stream: nothing arrives there but the failure of the connection.
    private static let endStream: Int32 = -2

    private var tooManyRequests: ConnectionError {
        let reason = "the broker leaves \(Limits.unansweredRequests) requests unanswered"
        return ConnectionError(.broken, path, because: reason)
    }

    private func close(_ stream: Int32) {
        state.withLock { state in
            state.replies[stream] = nil
            if let frame = state.end.close(stream) { wire.send(frame) }
        }
    }
}

extension Operation {
    fileprivate var inbox: Inbox.Kind {
        switch self {
        case .gateUpdate, .watchStatus: .states
        default: .events
        }
    }
}
