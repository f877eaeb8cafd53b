// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol
internal import ReprieveTransport
internal import StrictJSON

/// A component's subscription: made, lost, and made again.
struct ComponentLink: Hashable, Sendable {
    enum Event: Sendable {
        /// Everything that follows, until it is lost, comes from this connection.
        case subscribed(Connection, SubscribeResponse)
        case notice(PreUpdateEvent)
        case post(PostUpdateEvent)
        /// There is no connection, or none any more. It is tried again; said once for each reason.
        case lost(Failure)
    }

    let path: String
    /// Nil for whatever the broker knows this process as.
    let name: String?

    /// Hands on what is heard, until the task is cancelled. Then nothing more is heard, and the
    /// connection is there for last words until `farewell` returns. Throws a `Failure` if the
    /// first try fails for a reason that time does not heal.
    func run(
        farewell: @escaping @Sendable () async -> Void = {},
        _ handle: (Event) async throws -> Void
    ) async throws {
        var backoff = Backoff()
        var wasSubscribed = false
        var latestTrouble: Failure?
        while true {
            let (trouble, isTemporary) = try await subscribe(farewell) { event in
                if case .subscribed = event {
                    (backoff, wasSubscribed, latestTrouble) = (Backoff(), true, nil)
                }
                try await handle(event)
            }
            try Task.checkCancellation()
            guard isTemporary || wasSubscribed else { throw trouble }
            if trouble != latestTrouble { try await handle(.lost(trouble)) }
            latestTrouble = trouble
            try await Task.sleep(for: backoff.next())
        }
    }

    /// Returns why it ended, and whether the next try may do better.
    private func subscribe(
        _ farewell: @escaping @Sendable () async -> Void,
        _ handle: (Event) async throws -> Void
    ) async throws -> (Failure, isTemporary: Bool) {
        do {
            try await withConnection(to: path, as: who, timeout: .seconds(5)) { connection in
                // Everything here acts on the final notice only.
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
            return (Failure(Exit.unreachable, "the broker ended the subscription"), true)
        } catch let error as ConnectionError {
            return (Failure(error, hint: hint(error)), error.isTemporary)
        } catch let error as ErrorShape {
            return (Failure(error), error.code == .serviceError)
        } catch let error as JSONError {
            let text = "the broker sent an event that makes no sense: \(error.message)"
            return (Failure(Exit.unreachable, text), true)
        }
    }

    private var who: ConnectRequest {
        ConnectRequest(authToken: environment("SVCUID") ?? name, componentName: name)
    }

    private func hint(_ error: ConnectionError) -> String {
        switch error.code {
        case .noSocket, .notABroker: " (--component-socket)"
        case .denied where name == nil: " (--component)"
        default: ""
        }
    }
}

extension ComponentLink.Event {
    /// Nil for what only a later broker says.
    fileprivate init?(decoding payload: [UInt8]) throws(JSONError) {
        switch try ComponentEvent(decoding: payload) {
        case .preUpdate(let notice): self = .notice(notice)
        case .postUpdate(let post): self = .post(post)
        case .unknown: return nil
        }
    }
}

/// Runs `work`, and gives it up after `limit`.
func atMost(_ limit: Duration, _ work: @escaping @Sendable () async -> Void) async {
    let working = Task { await work() }
    let watching = Task {
        try await Task.sleep(for: limit)
        working.cancel()
    }
    await working.value
    watching.cancel()
}
