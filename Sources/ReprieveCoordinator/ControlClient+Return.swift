// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol
internal import ReprieveTransport

// A restart of the broker while a coordinator makes its update.

extension ControlClient {
    /// The longest time between two attempts to return to a broker.
    private static let returnInterval = Duration.milliseconds(500)

    /// Attaches to an update whose gate has opened already, at a broker that was restarted. Tries
    /// until the task is cancelled. Nil if the update is over, or another coordinator makes it.
    func returned(to request: GateRequest) async -> Connection? {
        var backoff = Backoff()
        while true {
            do { return try await attachAgain(request) } catch {
                let isTemporary = (error as? ConnectionError)?.isTemporary ?? false
                let delay = min(backoff.next(), Self.returnInterval)
                guard isTemporary, (try? await Task.sleep(for: delay)) != nil else { return nil }
            }
        }
    }

    private func attachAgain(_ request: GateRequest) async throws -> Connection? {
        let id = request.deploymentID
        // An update that is not there would be announced.
        let isReleased = try await status().updates.contains {
            $0.deploymentID == id && $0.state == .released
        }
        guard isReleased else { return nil }
        let connection = try await Connection.opened(to: path, timeout: handshakeTimeout)
        do {
            if try await isMaker(of: request, on: connection) { return connection }
        } catch {
            connection.hangUp()
            throw error
        }
        connection.hangUp()
        return nil
    }

    private func isMaker(of request: GateRequest, on connection: Connection) async throws -> Bool {
        let (response, events) = try await connection.subscribe(.gateUpdate, request)
        guard try response.read(as: GateResponse.self, at: path).attached else {
            // It ended in the same instant, and this has announced it anew.
            let reason = "the update is over"
            if await withdraw(request.deploymentID, because: reason) == .tooLate {
                try await complete(
                    CompleteRequest(
                        deploymentID: request.deploymentID,
                        outcome: .failed,
                        message: reason
                    )
                )
            }
            return false
        }
        for try await payload in events {
            let event = try? GateEvent(decoding: payload, limits: .fromBroker)
            if case .released(let released) = event { return !released.joined }
        }
        return false
    }
}
