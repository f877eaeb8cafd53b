// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol
internal import ReprieveTransport
internal import StrictJSON

/// A component's subscription. It is made again whenever the connection is lost.
struct Subscription: Hashable, Sendable {
    enum Event: Sendable {
        /// The following events, until `lost`, come from this connection.
        case subscribed(Connection, SubscribeResponse)
        case notice(PreUpdateEvent)
        case post(PostUpdateEvent)
        /// The connection failed, and is tried again. Passed on once for each reason.
        case lost(Failure)
    }

    let path: String
    /// Nil for the name by which the broker knows this process.
    let name: String?

    /// Passes events on until the task is cancelled. Then no more events follow, and the connection
    /// stays open for last requests until `farewell` returns. Throws a `Failure` if the first try
    /// fails for a permanent reason.
    func run(
        farewell: @escaping @Sendable () async -> Void = {},
        _ handle: (Event) async throws -> Void
    ) async throws {
        var backoff = Backoff()
        var wasSubscribed = false
        var latestFailure: Failure?
        while true {
            let (failure, isTemporary) = try await subscribe(farewell) { event in
                if case .subscribed = event {
                    (backoff, wasSubscribed, latestFailure) = (Backoff(), true, nil)
                }
                try await handle(event)
            }
            try Task.checkCancellation()
            guard isTemporary || wasSubscribed else { throw failure }
            if failure != latestFailure { try await handle(.lost(failure)) }
            latestFailure = failure
            try await Task.sleep(for: backoff.next())
        }
    }

    /// Returns why the subscription ended, and whether another try may succeed.
    private func subscribe(
        _ farewell: @escaping @Sendable () async -> Void,
        _ handle: (Event) async throws -> Void
    ) async throws -> (Failure, isTemporary: Bool) {
        do {
            try await withConnection(to: path, as: who, timeout: .seconds(5)) { connection in
                // These components act on the final notice only.
                let request = SubscribeRequest(confirm: true, underway: true)
                var isFirst = true
                for try await payload in connection.stream(.subscribeToComponentUpdates, request) {
                    if isFirst {
                        isFirst = false
                        let response = try SubscribeResponse(decoding: payload)
                        try await handle(.subscribed(connection, response))
                    } else if let event = try Event(decoding: payload) {
                        try await handle(event)
                    }
                }
                // In a task of its own, since this one is cancelled.
                if Task.isCancelled { await Task { await farewell() }.value }
            }
            return (Failure(.unreachable, "the broker ended the subscription"), true)
        } catch let error as ConnectionError {
            return (failure(error), error.isTemporary)
        } catch let error as ErrorShape {
            return (Failure(error), error.code == .serviceError)
        } catch let error as JSONError {
            let text = "the broker sent an invalid event: \(error.message)"
            return (Failure(.unreachable, text), true)
        }
    }

    private var who: ConnectRequest {
        ConnectRequest(authToken: environment("SVCUID") ?? name, componentName: name)
    }

    private func failure(_ error: ConnectionError) -> Failure {
        let failure = Failure(error, option: "--component-socket")
        guard error.code == .denied, name == nil else { return failure }
        return Failure(.notPermitted, failure.message + " (--component)")
    }
}

extension Subscription.Event {
    /// Nil for an event that only a later broker sends.
    fileprivate init?(decoding payload: [UInt8]) throws(JSONError) {
        switch try ComponentEvent(decoding: payload) {
        case .preUpdate(let notice): self = .notice(notice)
        case .postUpdate(let post): self = .post(post)
        case .unknown: return nil
        }
    }
}

extension PreUpdateEvent {
    /// An answer to this notice; 0 acknowledges it.
    func answer(deferringMs milliseconds: Int64, _ message: String?) -> DeferRequest {
        DeferRequest(
            deploymentID: deploymentID,
            recheckAfterMs: milliseconds,
            message: message,
            round: round
        )
    }

    /// Whether an acknowledgement is the last word before the update begins. Plain Greengrass knows
    /// no rounds, and asks once.
    var isFinal: Bool { final || round == nil }
}

/// Runs `work`, and cancels it after `limit`.
func withTimeout(_ limit: Duration, _ work: @escaping @Sendable () async -> Void) async {
    let working = Task { await work() }
    let watching = Task {
        try await Task.sleep(for: limit)
        working.cancel()
    }
    await working.value
    watching.cancel()
}
