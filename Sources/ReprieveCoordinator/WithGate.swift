// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol
internal import ReprieveTransport

/// What the body of a gate leaves behind.
public enum Completion: Hashable, Sendable {
    case applied
    case failed
    case rolledBack
    /// This process is about to be replaced: `complete` follows, perhaps in the next boot.
    case completesLater
}

/// Announces an update, waits until it may go ahead, and makes it: `body` is the change.
///
/// What `body` returns is told to the components; if it throws, that is `failed`. Cancelling the
/// task while it waits withdraws the update. Throws a `GateError` if the gate does not open, and
/// else what `body` throws.
public func withGate(
    for update: Update,
    policy: GatePolicy = GatePolicy(),
    controlSocket: String? = nil,
    progress: (GateProgress) async -> Void = { _ in },
    _ body: (Release) async throws -> Completion
) async throws {
    let control = Control(path: controlSocket)
    let release = try await control.release(of: update, policy, progress)
    let completion: Completion
    do { completion = try await body(release) } catch {
        let message = "its update ended with an error"
        let request = CompleteRequest(deploymentID: update.id, outcome: .failed, message: message)
        // A task of its own: this one may be cancelled, which is why the body failed.
        _ = try? await Task { try await control.completePatiently(request) }.value
        throw error
    }
    try await complete(update.id, completion, controlSocket: controlSocket)
}

/// Tells the components what became of an update that was released.
public func complete(
    _ deploymentID: String,
    _ completion: Completion,
    message: String? = nil,
    controlSocket: String? = nil
) async throws {
    guard let outcome = completion.outcome else { return }
    let request = CompleteRequest(deploymentID: deploymentID, outcome: outcome, message: message)
    let control = Control(path: controlSocket)
    do { try await control.completePatiently(request) } catch { throw explained(error) }
}

extension Completion {
    fileprivate var outcome: OutcomeWord? {
        switch self {
        case .applied: .applied
        case .failed: .failed
        case .rolledBack: .rolledBack
        case .completesLater: nil
        }
    }
}

extension Control {
    fileprivate func release(
        of update: Update,
        _ policy: GatePolicy,
        _ progress: (GateProgress) async -> Void
    ) async throws -> Release {
        do {
            let end = try await gate(GateRequest(update, policy)) { step in
                if case .event(.progress(let shape)) = step { await progress(GateProgress(shape)) }
            }
            // The body of a cancelled task would not get far.
            try Task.checkCancellation()
            return try release(end)
        } catch is CancellationError {
            await withdrawEntirely(update.id)
            throw CancellationError()
        } catch {
            throw explained(error)
        }
    }

    private func release(_ end: GateEvent) throws(GateError) -> Release {
        switch end {
        case .released(let shape): return Release(shape)
        case .refused(let shape): throw GateError(code: .refused, message: shape.reason)
        case .cancelled(let shape): throw GateError(code: .cancelled, message: shape.reason)
        case .progress: preconditionFailure("progress is not the end")
        }
    }

    private func withdrawEntirely(_ id: String) async {
        let reason = "the one who asked for it no longer does"
        guard await withdraw(id, because: reason) == .tooLate else { return }
        let request = CompleteRequest(deploymentID: id, outcome: .failed, message: reason)
        _ = try? await Task { try await complete(request) }.value
    }
}

private func explained(_ error: any Error) -> any Error {
    switch error {
    case let error as ConnectionError: GateError(code: .noBroker, message: error.message)
    case let error as ErrorShape: GateError(code: .rejected, message: error.message)
    default: error
    }
}

extension GateRequest {
    fileprivate init(_ update: Update, _ policy: GatePolicy) {
        self.init(
            deploymentID: update.id,
            reason: update.reason,
            isGgcRestarting: update.restartsNucleus,
            components: update.components.isEmpty ? nil : update.components,
            policy: PolicyShape(policy)
        )
    }
}

extension PolicyShape {
    fileprivate init(_ policy: GatePolicy) {
        self.init()
        action = policy.isSilent ? .skip : nil
        responseTimeoutMs = policy.responseTimeout?.milliseconds
        deadlineMs = policy.deadline?.milliseconds
        maxDeferMs = policy.maximumDeferral?.milliseconds
        maxTotalDeferMs = policy.maximumTotalDeferral?.milliseconds
        onSilence = policy.onSilence.flatMap { OnSilence(rawValue: $0.rawValue) }
        require = policy.required.isEmpty ? nil : policy.required
    }
}

extension Duration {
    fileprivate var milliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}
