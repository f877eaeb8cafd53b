// SPDX-License-Identifier: Apache-2.0

internal import ReprieveCoordinator
internal import ReprieveProtocol
internal import Synchronization

extension GateSession {
    func interrupt(_ waiting: Task<GateEvent, any Error>, after signal: Signal) {
        state.withLock { $0.signal = $0.signal ?? signal }
        if isInStop { force(waiting, after: signal) } else { waiting.cancel() }
    }

    /// Throws if a signal has arrived that ends the wait.
    func unlessInterrupted(_ change: (inout State) -> Void) throws {
        let signal = state.withLock { state in
            change(&state)
            return state.signal
        }
        if signal != nil, !isInStop { throw CancellationError() }
    }

    /// For `--no-wait`. If the gate opened in the same instant, it stays open.
    func withdraw(_ update: UpdateShape) async throws -> GateEvent {
        let reason = "not ready: " + update.whatDefers.prefix(3).joined(separator: ", ")
        report.set { $0.result = .deferred }
        if state.withLock({ $0.hasJoined }) {
            throw Failure(.notNow, reason + "; the update goes on waiting")
        }
        switch await control.withdraw(request.deploymentID, because: reason) {
        case .tooLate: return try await attach(noWait: false)
        case .withdrawn: throw Failure(.notNow, reason)
        case .untold(let why): throw Failure(.notNow, "\(reason); \(why)")
        }
    }

    /// systemd stops the unit now. The update is not cancelled, since it takes place all the same.
    private func force(_ waiting: Task<GateEvent, any Error>, after signal: Signal) {
        let reason = Self.reason(signal)
        let request = ReasonedRequest(deploymentID: request.deploymentID, reason: reason)
        // While this coordinator is attached: without one, the gate does not open.
        let control = control.hurried
        Task {
            do { try await control.force(request) } catch { waiting.cancel() }
        }
    }

    private static func reason(_ signal: Signal) -> String { "interrupted by \(signal.name)" }

    func interruption(_ signal: Signal) async -> Failure {
        let reason = Self.reason(signal)
        report.set { $0.result = .interrupted }
        guard state.withLock({ $0.wasAttached }), !isInStop else {
            return Failure(signal, reason)
        }
        if state.withLock({ $0.hasJoined }) {
            return Failure(signal, "\(reason); the update goes on")
        }
        let id = request.deploymentID
        // The broker cancels the update by itself if it cannot be told in time.
        let control = control.hurried
        switch await control.withdraw(id, because: reason) {
        case .withdrawn:
            return Failure(signal, "\(reason); the update is cancelled")
        case .tooLate:
            if !state.withLock({ $0.wasLost }) {
                let outcome = CompleteRequest(deploymentID: id, outcome: .failed, message: reason)
                try? await control.complete(outcome)
            }
            return Failure(signal, "\(reason) just after the gate had opened")
        case .untold(let why):
            return Failure(signal, "\(reason), and the broker could not be told: \(why)")
        }
    }
}

extension UpdateShape {
    /// What makes it wait longer than for a first answer.
    var whatDefers: [String] {
        let deferrers = participants.filter { $0.deferrals > 0 }.map { participant in
            shown(participant.component) + (participant.message.map { " (\(shown($0)))" } ?? "")
        }
        return deferrers + updatesWaitedFor.map { "update \(shown($0)) comes first" }
    }
}
