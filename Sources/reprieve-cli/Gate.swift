// SPDX-License-Identifier: Apache-2.0

internal import ReprieveCoordinator
internal import ReprieveProtocol
internal import ReprieveTransport
internal import Synchronization

/// The wait at a gate: what is shown meanwhile, and the ways in which it ends.
final class Gate: Sendable {
    private let control: Control
    private let request: GateRequest
    private let noWait: Bool
    private let json: Bool
    /// systemd is stopping a unit, which this can put off, but not prevent.
    private let isInStop: Bool
    private let stopTimeout = StopTimeout(until: .now + Control.reattachLimit)
    private let progress = Display.progress()
    private let state = Mutex(State())

    private struct State {
        var wasAttached = false
        var signal: Signal?
    }

    /// Somebody deferred, and nobody wants to wait.
    private struct Deferred: Error {
        let update: UpdateShape
    }

    init(
        control: Control,
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

    /// Whether there never was a broker.
    func mayProceedWithout(_ error: ConnectionError) -> Bool {
        !state.withLock { $0.wasAttached } && error.isTemporary
    }

    /// Returns when the gate has opened, and throws a `Failure` if it does not.
    func wait() async throws -> ReleasedShape {
        switch try await end() {
        case .released(let released): return released
        case .refused: throw Failure(Exit.notReleased, "the update may not go ahead")
        case .cancelled: throw Failure(Exit.cancelled, "the update was cancelled")
        case .progress: preconditionFailure("progress is not the end")
        }
    }

    private func end() async throws -> GateEvent {
        let waiting = Task { try await attach(noWait: noWait) }
        do {
            let event = try await Signals.handled { [self] signal in
                state.withLock { $0.signal = $0.signal ?? signal }
                if isInStop { overtake(waiting, by: signal) } else { waiting.cancel() }
            } while: {
                try await waiting.value
            }
            // A signal may come in the instant of release.
            if let signal = state.withLock({ $0.signal }) { throw await interrupted(signal) }
            return event
        } catch let deferred as Deferred {
            return try await giveUp(over: deferred.update)
        } catch let failure as Failure {
            throw failure
        } catch {
            guard let signal = state.withLock({ $0.signal }) else { throw error }
            throw await interrupted(signal)
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
                progress.note("warning: nobody is called " + list(response.unmatched))
            }
        case .event(let event):
            if json { Output.standard.line(event.json) }
            try handle(event, noWait: noWait)
        case .lost(let error):
            progress.note("\(error.message); trying again for \(Control.reattachLimit.text)")
        }
    }

    private func handle(_ event: GateEvent, noWait: Bool) throws {
        switch event {
        case .progress(let update):
            stopTimeout.waits(until: .now + .milliseconds(update.deadlineInMs))
            if !json { progress.show(update) }
            // One that is over already has put the update off all the same.
            let isDeferred = update.participants.contains { $0.deferrals > 0 }
            if noWait, isDeferred { throw Deferred(update: update) }
        case .released, .refused, .cancelled:
            progress.end(with: line(event))
        }
    }
}

// MARK: - Ends from this side

extension Gate {
    /// For `--no-wait`. If the gate opened in the same instant, it has opened.
    private func giveUp(over update: UpdateShape) async throws -> GateEvent {
        let deferrers = update.participants.filter { $0.deferrals > 0 }.map { participant in
            let message = participant.message.map { " (\(shown($0)))" } ?? ""
            return shown(participant.component) + message
        }
        let who = deferrers.prefix(3).joined(separator: ", ")
        let reason = "not ready: \(who)"
        switch await control.withdraw(request.deploymentID, because: reason) {
        case .tooLate: return try await attach(noWait: false)
        case .withdrawn: throw Failure(Exit.notReleased, reason)
        case .untold(let why): throw Failure(Exit.notReleased, "\(reason); \(why)")
        }
    }

    /// systemd waits no longer, and stops the unit. So the update is not cancelled: it takes place.
    private func overtake(_ waiting: Task<GateEvent, any Error>, by signal: Signal) {
        let reason = Self.reason(signal)
        let force = ReasonedRequest(deploymentID: request.deploymentID, reason: reason)
        // While this is attached, since no gate opens with nobody waiting at it.
        Task {
            do { try await control.force(force) } catch { waiting.cancel() }
        }
    }

    private static func reason(_ signal: Signal) -> String { "interrupted by \(signal.name)" }

    private func interrupted(_ signal: Signal) async -> Failure {
        let reason = Self.reason(signal)
        guard state.withLock({ $0.wasAttached }) else { return Failure(signal.exitCode, reason) }
        let id = request.deploymentID
        if isInStop { return Failure(signal.exitCode, reason) }
        switch await control.withdraw(id, because: reason) {
        case .withdrawn:
            return Failure(signal.exitCode, "\(reason); the update is cancelled")
        case .tooLate:
            let outcome = CompleteRequest(deploymentID: id, outcome: .failed, message: reason)
            try? await control.complete(outcome)
            return Failure(signal.exitCode, "\(reason), just after the gate had opened")
        case .untold(let why):
            return Failure(signal.exitCode, "\(reason), but the broker is not told: \(why)")
        }
    }
}

extension Duration {
    fileprivate var text: String { duration(components.seconds * 1_000) }
}
