// SPDX-License-Identifier: Apache-2.0

package import ReprieveProtocol
internal import StrictJSON

/// A component's subscription to updates: made, lost, and made again.
///
///     connecting ──► connected ──► subscribed ──► notice, post …
///         ▲              │              │
///         └─── backoff ◄─┴──── lost ◄───┘
package struct ComponentSubscription: Sendable {
    package enum Event: Sendable {
        /// The handshake is over, and the subscription is being requested.
        case connected(Connection)
        /// The broker has accepted the subscription. Events until `lost` are of this connection.
        case subscribed(Connection, SubscribeResponse)
        /// All notices of updates that waited at the subscription have been passed on. Only where
        /// that is asked for.
        case caughtUp
        case notice(PreUpdateEvent)
        case post(PostUpdateEvent)
        /// An attempt or a connection failed; another attempt follows. `isNews` is false if the
        /// cause is the one of the attempt before.
        case lost(SubscriptionError, isNews: Bool)
    }

    /// A subscription that lasted this long ends a series of failures: the backoff starts again.
    private static let steadiness = Duration.seconds(5)

    /// A broker that restarts waits for its components for 5 s by default. After a subscription was
    /// lost, attempts are no more than this apart for a while, so that the component is back in
    /// time.
    private static let returnInterval = Duration.seconds(1)
    private static let returnTime = Duration.seconds(10)

    /// How long the broker may take to send the notices of updates that wait already.
    private static let catchUpTimeout = Duration.seconds(3)

    private let path: String
    private let name: String?
    private let handshakeTimeout: Duration
    private let environment: any ClientEnvironment

    /// A component without a `name` is known by its token or its systemd unit alone.
    package init(
        path: String,
        name: String?,
        handshakeTimeout: Duration = .seconds(10),
        in environment: any ClientEnvironment = SystemEnvironment()
    ) {
        self.path = path
        self.name = name
        self.handshakeTimeout = handshakeTimeout
        self.environment = environment
    }

    /// Passes events to `handle` until the task is cancelled; then it throws a `CancellationError`.
    /// It also ends with the error that `handle` throws.
    ///
    /// After the cancellation the connection lives on until `farewell` returns. `catchesUp` says
    /// at each subscription whether `caughtUp` is wanted.
    package func run(
        farewell: @escaping @Sendable () async -> Void = {},
        catchesUp: () -> Bool = { false },
        _ handle: (Event) async throws -> Void
    ) async throws {
        var backoff = Backoff()
        var latestError: SubscriptionError?
        var lostAt: SuspendingClock.Instant?
        while true {
            var start: SuspendingClock.Instant?
            let error = try await subscribe(catchesUp, farewell) { event in
                if case .subscribed = event { start = environment.now }
                try await handle(event)
            }
            try Task.checkCancellation()
            if let start, environment.now - start >= Self.steadiness {
                (backoff, latestError) = (Backoff(), nil)
            }
            try await handle(.lost(error, isNews: error != latestError))
            latestError = error
            if start != nil { lostAt = environment.now }
            let returns = lostAt.map { environment.now - $0 < Self.returnTime } ?? false
            let delay = backoff.next()
            let pause = returns ? min(delay, Self.returnInterval) : delay
            try await environment.sleep(until: environment.now + pause)
        }
    }

    /// Returns why the subscription ended.
    private func subscribe(
        _ catchesUp: () -> Bool,
        _ farewell: @escaping @Sendable () async -> Void,
        _ handle: (Event) async throws -> Void
    ) async throws -> SubscriptionError {
        let identity = ConnectRequest(authToken: greengrassToken ?? name, componentName: name)
        do {
            try await withConnection(
                to: path,
                as: identity,
                timeout: handshakeTimeout,
                in: environment
            ) { connection in
                try await handle(.connected(connection))
                try await receive(from: connection, catchesUp, handle)
                // In a task of its own, since this one is cancelled.
                if Task.isCancelled { await Task { await farewell() }.value }
            }
            return .ended(path: path)
        } catch let error as ConnectionError {
            return .connection(error)
        } catch let error as ErrorShape {
            return .refused(error, path: path)
        } catch let error as JSONError {
            return .malformed(error, path: path)
        }
    }

    private func receive(
        from connection: Connection,
        _ catchesUp: () -> Bool,
        _ handle: (Event) async throws -> Void
    ) async throws {
        let (response, events) = try await connection.subscribe(
            .subscribeToComponentUpdates,
            SubscribeRequest(confirm: true, underway: true)
        )
        try await handle(.subscribed(connection, SubscribeResponse(decoding: response)))
        var iterator = events.makeAsyncIterator()
        if catchesUp() {
            // The notices of updates that wait are sent right after the response.
            do { try await connection.roundTrip(within: Self.catchUpTimeout) } catch {}
            while let event = iterator.nextUnread() { try await pass(event, to: handle) }
            try await handle(.caughtUp)
        }
        while let event = try await iterator.next() { try await pass(event, to: handle) }
    }

    private func pass(_ event: [UInt8], to handle: (Event) async throws -> Void) async throws {
        switch try ComponentEvent(decoding: event) {
        case .preUpdate(let notice): try await handle(.notice(notice))
        case .postUpdate(let post): try await handle(.post(post))
        case .unknown: break
        }
    }
}

/// The token that Greengrass passes to its components.
private var greengrassToken: String? { environment("SVCUID") }
