// SPDX-License-Identifier: Apache-2.0

internal import ReprieveCoordinator
internal import ReprieveProtocol
internal import ReprieveTransport
internal import Synchronization

/// Waits for the end of an update that another coordinator makes.
struct OutcomeWatch: Sendable {
    let control: ControlClient
    let id: String
    /// Whether the broker was reached before, so that it is only restarting if it cannot be now.
    let wasReached: Bool
    /// Only the end is shown.
    let isQuiet: Bool
    private let progress = Display.progress()

    init(control: ControlClient, id: String, wasReached: Bool, isQuiet: Bool) {
        self.control = control
        self.id = id
        self.wasReached = wasReached
        self.isQuiet = isQuiet
    }

    private struct HasEnded: Error {}

    /// Returns once the update is applied. Throws a `Failure` for every other end.
    func wait() async throws -> Outcome {
        try await waitInterruptibly()
        let request = HistoryRequest(limit: 1, deploymentID: id)
        let decision = try await control.history(request).decisions.first
        guard let decision, let outcome = decision.outcome else {
            throw Failure(.unknown, "the outcome of the update \(shown(id)) is not known")
        }
        progress.end(with: "the update \(shown(id)) is over: \(outcome.word)")
        if let failure = Failure(decision, outcome) { throw failure }
        return outcome
    }

    private func waitInterruptibly() async throws {
        let watching = Task { try await watch() }
        let latest = Mutex<Signal?>(nil)
        do {
            try await Signals.handled { signal in
                latest.withLock { $0 = signal }
                watching.cancel()
            } while: {
                try await watching.value
            }
        } catch {
            guard let signal = latest.withLock({ $0 }) else { throw error }
            throw Failure(signal, "interrupted by \(signal.name); the update goes on")
        }
    }

    private func watch() async throws {
        do {
            try await progress.live { [self] in
                try await control.watchPatiently(
                    wasReached: wasReached,
                    for: ControlClient.reattachLimit
                ) { error in
                    progress.note("\(error.message); trying again for \(ControlClient.patience)")
                } _: { status in
                    guard let update = status.updates.first(where: { $0.deploymentID == id }) else {
                        throw HasEnded()
                    }
                    if update.state == .waiting, !isQuiet { progress.show(update) }
                }
            }
        } catch is HasEnded {}
    }
}

extension ControlClient {
    /// How long a lost broker is tried again, spelled.
    static var patience: String { duration(reattachLimit.components.seconds * 1_000) }
}

extension Failure {
    /// Nil for an update that was applied.
    fileprivate init?(_ decision: DecisionShape, _ outcome: Outcome) {
        let text = "the update was not applied: " + outcome.word
        switch outcome {
        case .applied: return nil
        case .cancelled: self.init(decision.refused == nil ? .cancelled : .notNow, text)
        case .unknown: self.init(.unknown, text)
        default: self.init(.failed, text)
        }
    }
}
