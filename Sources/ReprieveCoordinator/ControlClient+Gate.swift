// SPDX-License-Identifier: Apache-2.0

package import ReprieveProtocol
package import ReprieveTransport

/// What happens while a coordinator waits at a gate.
package enum GateStep: Hashable, Sendable {
    /// The connection is open, and the request leaves. From now on there may be an update to
    /// withdraw.
    case asking
    /// The update is announced, or an earlier announcement with the same request is joined.
    case attached(GateResponse)
    case event(GateEvent)
    /// The connection is lost. It is tried again, since the broker may only be restarting.
    case lost(ConnectionError)
}

extension ControlClient {
    /// How long a broker that was reached before may be unreachable.
    package static let reattachLimit = Duration.seconds(30)
    /// How long a broker may leave an announcement without a response until that is an error: the
    /// first attempt fails, and the last begins within the limit.
    package static let longestAnnouncement = reattachLimit + Limits.responseTimeout * 2
    /// How long a cancelled task waits for the response to its announcement.
    private static let attachmentLimit = Duration.seconds(2)

    /// Announces an update and waits for its end, which is the last step passed on. If the broker
    /// restarts meanwhile, this attaches to the same update again.
    ///
    /// Cancelling the task leaves the update as it is: see `withdraw`. Whether there is one to
    /// withdraw is what the response says: a cancelled task waits for that, though not for long.
    ///
    /// Of several coordinators with the same request, one makes the update, and no other one does
    /// while its connection is open: `keeper` keeps it, also across restarts of the broker.
    package func gate(
        _ request: GateRequest,
        keepingConnectionIn keeper: ConnectionKeeper? = nil,
        _ handle: (GateStep) async throws -> Void
    ) async throws -> GateEvent {
        var retries = RetryWindow.none
        var hasAsked = false
        while true {
            do {
                return try await attach(request, keeper) { step in
                    hasAsked = true
                    if step != .asking { retries = RetryWindow(Self.reattachLimit) }
                    try await handle(step)
                }
            } catch let error as ConnectionError {
                // The broker may have taken the request, though it did not respond.
                if retries.isNone, hasAsked || error.code == .broken {
                    retries = RetryWindow(Self.reattachLimit)
                }
                if retries.isFresh, error.isTemporary { try await handle(.lost(error)) }
                guard let delay = retries.delay(after: error) else { throw error }
                try await Task.sleep(for: delay)
            }
        }
    }

    private func attach(
        _ request: GateRequest,
        _ keeper: ConnectionKeeper?,
        _ handle: (GateStep) async throws -> Void
    ) async throws -> GateEvent {
        let connection = try await Connection.opened(to: path, timeout: handshakeTimeout)
        do {
            let event = try await wait(for: request, on: connection, handle)
            if event.isForMaker, let keeper {
                keeper.keep(connection) { await returned(to: request) }
            } else {
                connection.hangUp()
            }
            return event
        } catch {
            connection.hangUp()
            throw error
        }
    }

    private func wait(
        for request: GateRequest,
        on connection: Connection,
        _ handle: (GateStep) async throws -> Void
    ) async throws -> GateEvent {
        try await handle(.asking)
        let asking = Task {
            try await connection.subscribe(.gateUpdate, request, within: responseTimeout)
        }
        let (response, events) = try await withTaskCancellationHandler {
            try await asking.value
        } onCancel: {
            Task {
                try? await Task.sleep(for: Self.attachmentLimit)
                asking.cancel()
            }
        }
        let attachment = try response.read(as: GateResponse.self, at: path)
        try await handle(.attached(attachment))
        var isLatestUnread = false
        for try await payload in events {
            try Task.checkCancellation()
            let event = try? GateEvent(decoding: payload, limits: .fromBroker)
            isLatestUnread = event == nil
            guard let event else { continue }
            try await handle(.event(event))
            if event.isLast { return event }
        }
        try Task.checkCancellation()
        // To attach again would announce the update a second time.
        if isLatestUnread { throw GateError.unreadEnd(path) }
        throw ConnectionError(.broken, path, because: "the broker ended the stream")
    }

    /// Reports an outcome, also to a broker that is being restarted: `lost` is told of the first
    /// failure.
    package func completePatiently(
        _ request: CompleteRequest,
        lost: (ConnectionError) -> Void = { _ in }
    ) async throws {
        var retries = RetryWindow(Self.reattachLimit)
        while true {
            do { return try await complete(request) } catch let error as ConnectionError {
                if retries.isFresh, error.isTemporary { lost(error) }
                guard let delay = retries.delay(after: error) else { throw error }
                try await Task.sleep(for: delay)
            }
        }
    }
}

extension GateEvent {
    /// Whether the coordinator that is sent this makes the update.
    fileprivate var isForMaker: Bool {
        if case .released(let released) = self { !released.joined } else { false }
    }
}

extension GateError {
    /// The last event of a gate is not known here, as that of a later broker may be.
    fileprivate static func unreadEnd(_ path: String) -> GateError {
        let message =
            "the broker at \(path) ended the update in a way that this version does not know; see"
            + " reprieved's journal, and update this program"
        return GateError(code: .notABroker, message: message)
    }
}
