// SPDX-License-Identifier: Apache-2.0

internal import ReprieveCoordinator
internal import ReprieveProtocol
internal import ReprieveTransport
internal import Synchronization

/// One wait at a gate: the progress that is shown, and the ways in which the wait ends.
final class GateSession: Sendable {
    private let control: ControlClient
    private let request: GateRequest
    private let noWait: Bool
    private let json: Bool
    /// systemd is stopping a unit, which this program can delay but not prevent.
    private let isInStop: Bool
    private let stopTimeout = StopTimeout(until: .now + ControlClient.reattachLimit)
    private let progress = Display.progress()
    private let state = Mutex(State())

    private struct State {
        var wasAttached = false
        var signal: Signal?
    }

    /// A component deferred, and `--no-wait` is given.
    private struct Deferred: Error {
        let update: UpdateShape
    }

    init(
        control: ControlClient,
        request: GateRequest,
        noWait: Bool,
        json: Bool,
        isInStop: Bool
    ) {
        self.control = control
        self.request = request
        self.noWait = noWait
        self.json = json
        self.isInStop = isInStop
    }

    /// Whether no broker was ever reached.
    func mayProceedWithout(_ error: ConnectionError) -> Bool {
        !state.withLock { $0.wasAttached } && error.isTemporary
    }

    /// Returns when the gate has opened, and throws a `Failure` if it does not.
    func wait() async throws -> ReleasedShape {
        switch try await end() {
        case .released(let released): return released
        case .refused: throw Failure(ExitStatus(.refused), "the update was refused")
        case .cancelled: throw Failure(ExitStatus(.cancelled), "the update was cancelled")
        case .progress: preconditionFailure("the last event of a gate is not its progress")
        }
    }

    private func end() async throws -> GateEvent {
        let waiting = Task { try await attach(noWait: noWait) }
        do {
            let event = try await Signals.handled { [self] signal in
                state.withLock { $0.signal = $0.signal ?? signal }
                if isInStop { force(waiting, after: signal) } else { waiting.cancel() }
            } while: {
                try await waiting.value
            }
            // A signal may arrive in the instant of the release.
            if let signal = state.withLock({ $0.signal }) { throw await interruption(signal) }
            return event
        } catch let deferred as Deferred {
            return try await withdraw(deferred.update)
        } catch let failure as Failure {
            throw failure
        } catch {
            guard let signal = state.withLock({ $0.signal }) else { throw error }
            throw await interruption(signal)
        }
    }

    private func attach(noWait: Bool) async throws -> GateEvent {
        try await stopTimeout.extended {
            try await progress.live {
                try await control.gate(request) { step in try handle(step, noWait: noWait) }
            }
        }
    }

    private func handle(_ step: GateStep, noWait: Bool) throws {
        switch step {
        case .asking: break
        case .attached(let response):
            state.withLock { $0.wasAttached = true }
            progress.note(line(response))
            if !response.unmatched.isEmpty {
                progress.note("warning: no component is named " + list(response.unmatched))
            }
        case .event(let event):
            if json { OutputStream.standard.line(event.json) }
            try handle(event, noWait: noWait)
        case .lost(let error):
            let limit = duration(ControlClient.reattachLimit.components.seconds * 1_000)
            progress.note("\(error.message); trying again for \(limit)")
        }
    }

    private func handle(_ event: GateEvent, noWait: Bool) throws {
        switch event {
        case .progress(let update):
            stopTimeout.setEnd(.now + .milliseconds(update.deadlineInMs))
            if !json { progress.show(update) }
            // A deferral that has already ended counts as well.
            if noWait, !update.deferrers.isEmpty { throw Deferred(update: update) }
        case .released, .refused, .cancelled:
            progress.end(with: line(event))
        }
    }
}

// MARK: - Ends from this side

extension GateSession {
    /// For `--no-wait`. If the gate opened in the same instant, it stays open.
    private func withdraw(_ update: UpdateShape) async throws -> GateEvent {
        let deferrers = update.deferrers.prefix(3).map { participant in
            let message = participant.message.map { " (\(shown($0)))" } ?? ""
            return shown(participant.component) + message
        }
        let reason = "not ready: " + deferrers.joined(separator: ", ")
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
        Task {
            do { try await control.force(request) } catch { waiting.cancel() }
        }
    }

    private static func reason(_ signal: Signal) -> String { "interrupted by \(signal.name)" }

    private func interruption(_ signal: Signal) async -> Failure {
        let reason = Self.reason(signal)
        guard state.withLock({ $0.wasAttached }), !isInStop else {
            return Failure(signal, reason)
        }
        let id = request.deploymentID
        switch await control.withdraw(id, because: reason) {
        case .withdrawn:
            return Failure(signal, "\(reason); the update is cancelled")
        case .tooLate:
            let outcome = CompleteRequest(deploymentID: id, outcome: .failed, message: reason)
            try? await control.complete(outcome)
            return Failure(signal, "\(reason) just after the gate had opened")
        case .untold(let why):
            return Failure(signal, "\(reason), and the broker could not be told: \(why)")
        }
    }
}

extension UpdateShape {
    fileprivate var deferrers: [ParticipantShape] {
        participants.filter { $0.deferrals > 0 }
    }
}
