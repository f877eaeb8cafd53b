// SPDX-License-Identifier: Apache-2.0

package import ReprieveProtocol
package import ReprieveTransport

/// What is heard while waiting at a gate.
package enum GateStep: Hashable, Sendable {
    /// The broker is there, and is being asked. From now on there may be something to withdraw.
    case asking
    /// The update is announced, or an earlier announcement of the same is joined.
    case attached(GateResponse)
    case event(GateEvent)
    /// The broker is gone; it is being tried again, since it may only be restarting.
    case lost(ConnectionError)
}

extension Control {
    /// How long a broker that was there may be away.
    package static let reattachLimit = Duration.seconds(30)

    /// Announces an update and waits for its end, which is the last step handed on. If the broker
    /// restarts meanwhile, it is attached to the same update again.
    ///
    /// To cancel the task leaves the update as it is: see `withdraw`.
    package func gate(
        _ request: GateRequest,
        _ handle: (GateStep) async throws -> Void
    ) async throws -> GateEvent {
        var patience = Patience.none
        while true {
            do {
                return try await attach(request) { step in
                    if step != .asking { patience = Patience(of: Self.reattachLimit) }
                    try await handle(step)
                }
            } catch let error as ConnectionError {
                // It was there, and is gone before it could answer.
                if patience.isNone, error.code == .broken {
                    patience = Patience(of: Self.reattachLimit)
                }
                if patience.isFresh, error.isTemporary { try await handle(.lost(error)) }
                guard let delay = patience.delay(after: error) else { throw error }
                try await Task.sleep(for: delay)
            }
        }
    }

    private func attach(
        _ request: GateRequest,
        _ handle: (GateStep) async throws -> Void
    ) async throws -> GateEvent {
        try await withConnection(to: path, timeout: handshakeTimeout) { connection in
            try await handle(.asking)
            var isFirst = true
            for try await payload in connection.stream(.gateUpdate, request) {
                if isFirst {
                    isFirst = false
                    try await handle(.attached(payload.read(as: GateResponse.self, at: path)))
                    continue
                }
                guard GateEvent.isKnown(payload) else { continue }
                let event = try payload.read(as: GateEvent.self, at: path)
                try await handle(.event(event))
                if event.isLast { return event }
            }
            try Task.checkCancellation()
            throw ConnectionError(.broken, path, because: "the broker ended the stream")
        }
    }

    /// Reports an outcome, also to a broker that is just being restarted.
    package func completePatiently(_ request: CompleteRequest) async throws {
        var patience = Patience(of: Self.reattachLimit)
        while true {
            do { return try await complete(request) } catch let error as ConnectionError {
                guard let delay = patience.delay(after: error) else { throw error }
                try await Task.sleep(for: delay)
            }
        }
    }
}

/// How long a lost broker is tried again. The time starts with the first failure.
private struct Patience {
    private let limit: Duration
    private var backoff = Backoff()
    private var end: ContinuousClock.Instant?

    static let none = Patience(of: .zero)

    init(of limit: Duration) {
        self.limit = limit
    }

    var isNone: Bool { limit == .zero }

    /// Whether nothing has failed yet.
    var isFresh: Bool { end == nil && limit > .zero }

    mutating func delay(after error: ConnectionError) -> Duration? {
        let delay = backoff.next()
        let end = self.end ?? .now + limit
        self.end = end
        return error.isTemporary && .now + delay < end ? delay : nil
    }
}

/// What became of a withdrawal.
package enum Withdrawal: Hashable, Sendable {
    /// Everyone was told, or there was nothing to withdraw.
    case withdrawn
    /// The gate had opened before.
    case tooLate
    /// The broker could not be told; it cancels by itself when nobody comes back.
    case untold(String)
}

extension Control {
    /// Cancels an update that this process announced, though its own task may be cancelled.
    package func withdraw(_ deploymentID: String, because reason: String) async -> Withdrawal {
        let request = ReasonedRequest(deploymentID: deploymentID, reason: reason)
        // A task of its own, since cancelling is done when this one is cancelled.
        return await Task {
            do {
                try await cancel(request)
                return Withdrawal.withdrawn
            } catch let error as ErrorShape {
                return error.code == .conflict ? .tooLate : .withdrawn
            } catch let error as ConnectionError {
                return .untold(error.message)
            } catch {
                return .untold("it was interrupted")
            }
        }.value
    }
}
