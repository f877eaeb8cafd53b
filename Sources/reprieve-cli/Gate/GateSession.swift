// SPDX-License-Identifier: Apache-2.0

internal import ReprieveCoordinator
internal import ReprieveProtocol
internal import ReprieveTransport
internal import Synchronization

/// One wait at a gate: the progress that is shown, and the ways in which the wait ends.
final class GateSession: Sendable {
    let control: ControlClient
    let request: GateRequest
    let report: GateReport
    /// While it keeps the connection, no other coordinator makes the update.
    let keeper = ConnectionKeeper()
    private let noWait: Bool
    private let json: Bool
    /// Only the end is shown.
    private let isQuiet: Bool
    /// systemd is stopping a unit, which this program can delay but not prevent.
    let isInStop: Bool
    private let stopTimeout = StopTimeout(until: .now + ControlClient.longestAnnouncement)
    private let progress = Display.progress()
    let state = Mutex(State())

    struct State {
        var wasAttached = false
        /// Another coordinator had announced the update: it is not this program's to withdraw.
        var hasJoined = false
        /// The broker was lost once: another coordinator may have attached before this one.
        var wasLost = false
        var signal: Signal?
    }

    /// A component deferred, or another update comes first, and `--no-wait` is given.
    private struct Deferred: Error {
        let update: UpdateShape
    }

    init(
        control: ControlClient,
        request: GateRequest,
        report: GateReport,
        noWait: Bool,
        json: Bool,
        isQuiet: Bool,
        isInStop: Bool
    ) {
        self.control = control
        self.request = request
        self.report = report
        self.noWait = noWait
        self.json = json
        self.isQuiet = isQuiet
        self.isInStop = isInStop
    }

    /// Whether no broker has ever announced the update.
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
                interrupt(waiting, after: signal)
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

    func attach(noWait: Bool) async throws -> GateEvent {
        try await stopTimeout.extended {
            try await progress.live { [self] in
                try await control.gate(request, keepingConnectionIn: keeper) { step in
                    try handle(step, noWait: noWait)
                }
            }
        }
    }

    private func handle(_ step: GateStep, noWait: Bool) throws {
        switch step {
        case .asking:
            try unlessInterrupted { _ in }
        case .attached(let response):
            try unlessInterrupted { state in
                if !response.attached {
                    (state.hasJoined, state.wasLost) = (false, false)
                } else if !state.wasAttached {
                    state.hasJoined = true
                }
                state.wasAttached = true
            }
            report.set { $0.unmatched = response.unmatched }
            if !isQuiet { progress.note(line(response)) }
            if !response.unmatched.isEmpty {
                progress.note("warning: no component is named " + list(response.unmatched))
            }
        case .event(let event):
            if json { OutputStream.events.line(event) }
            try handle(event, noWait: noWait)
        case .lost(let error):
            state.withLock { $0.wasLost = true }
            progress.note("\(error.message); trying again for \(ControlClient.patience)")
        }
    }

    private func handle(_ event: GateEvent, noWait: Bool) throws {
        switch event {
        case .progress(let update):
            stopTimeout.setEnd(.now + .milliseconds(update.deadlineInMs))
            if !json, !isQuiet { progress.show(update) }
            // A deferral that has already ended counts as well.
            if noWait, !update.whatDefers.isEmpty { throw Deferred(update: update) }
        case .released, .refused, .cancelled:
            report.set { $0.result = event.result ?? .failed }
            if case .released(let released) = event {
                report.set { $0.basis = released.basis }
                state.withLock { ($0.hasJoined, $0.wasLost) = (released.joined, false) }
            }
            progress.end(with: line(event))
        }
    }
}
