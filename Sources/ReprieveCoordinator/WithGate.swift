// SPDX-License-Identifier: Apache-2.0

package import ReprieveProtocol
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
/// What `body` returns is told to the components; if it throws, that is `failed`. Both are told
/// even if the task is cancelled meanwhile.
///
/// A broker that was there and is gone is tried again for 30 seconds, since it may only be
/// restarting; it keeps its place in the negotiation. One that was never there is an error at once.
///
/// Cancelling the task while it waits withdraws the update, and the components are told; if the
/// gate opens in the same instant, `body` does not run, and the outcome is `failed`.
///
/// - Parameters:
///   - update: what is announced. Where an update of that id and that request waits already, it is
///     joined.
///   - policy: how long the gate waits for whom.
///   - controlSocket: the broker's; by default where `reprieved` has it.
///   - progress: hears who still holds the update back, at once and at each change.
///   - body: makes the change, and says what became of it.
/// - Throws: a `GateError` if the gate does not open, or if the outcome could not be reported
///   (`unreported`); `CancellationError`; else what `body` throws.
public func withGate(
    for update: Update,
    policy: GatePolicy = GatePolicy(),
    controlSocket: String? = nil,
    progress: (GateProgress) async -> Void = { _ in },
    _ body: (Release) async throws -> Completion
) async throws {
    let control = Control(path: controlSocket)
    try await control.withGate(GateRequest(update, policy), progress: progress, body: body)
}

/// Tells the components what became of an update that was released, in this boot or in an earlier
/// one. A broker that is not there is tried again for 30 seconds, as after a boot.
///
/// To repeat what was told before succeeds. `completesLater` says nothing, and is a mistake.
///
/// - Parameters:
///   - deploymentID: the update's.
///   - completion: what became of it.
///   - message: more about it, for the components and the history; cut at 1 KiB.
///   - controlSocket: the broker's; by default where `reprieved` has it.
/// - Throws: a `GateError`, such as `unknownUpdate` or `conflict`; `CancellationError`.
public func complete(
    _ deploymentID: String,
    _ completion: Completion,
    message: String? = nil,
    controlSocket: String? = nil
) async throws {
    guard let outcome = completion.outcome else {
        preconditionFailure("an update is completed with what became of it")
    }
    let request = try CompleteRequest(deploymentID, outcome, message)
    do {
        try await Control(path: controlSocket).completePatiently(request)
    } catch {
        throw explained(error)
    }
}

extension Completion {
    fileprivate var outcome: Outcome? {
        switch self {
        case .applied: .applied
        case .failed: .failed
        case .rolledBack: .rolledBack
        case .completesLater: nil
        }
    }
}

extension Control {
    package func withGate(
        _ request: GateRequest,
        progress: (GateProgress) async -> Void,
        body: (Release) async throws -> Completion
    ) async throws {
        let release = try await release(request, progress)
        let completion: Completion
        do { completion = try await body(release) } catch {
            // The body's error is the one that counts: what is not reported stays released.
            _ = await report(request.deploymentID, .failed, "its update ended with an error")
            throw error
        }
        guard let outcome = completion.outcome,
            let failure = await report(request.deploymentID, outcome, nil)
        else { return }
        let message = "the outcome, \(outcome.rawValue), is not reported: \(failure.message)"
        throw GateError(code: .unreported, message: message)
    }

    /// Returns why the broker does not know.
    private func report(
        _ id: String,
        _ outcome: Outcome,
        _ message: String?
    ) async -> GateError? {
        let request = CompleteRequest(deploymentID: id, outcome: outcome, message: message)
        // In a task of its own, since this one may be cancelled.
        let reporting = Task { try await completePatiently(request) }
        do { try await reporting.value } catch {
            return explained(error) as? GateError
        }
        return nil
    }

    private func release(
        _ request: GateRequest,
        _ progress: (GateProgress) async -> Void
    ) async throws -> Release {
        var isAnnounced = false
        do {
            let end = try await gate(request) { step in
                switch step {
                case .asking: isAnnounced = true
                case .event(.progress(let shape)): await progress(GateProgress(shape))
                case .attached, .event, .lost: break
                }
            }
            // The body of a cancelled task would not get far.
            try Task.checkCancellation()
            return try Release(end)
        } catch is CancellationError {
            // What was never announced might be somebody else's.
            if isAnnounced { await withdrawEntirely(request.deploymentID) }
            throw CancellationError()
        } catch {
            throw explained(error)
        }
    }

    private func withdrawEntirely(_ id: String) async {
        let reason = "the one who asked for it no longer does"
        guard await withdraw(id, because: reason) == .tooLate else { return }
        _ = await report(id, .failed, reason)
    }
}

extension Release {
    fileprivate init(_ end: GateEvent) throws(GateError) {
        switch end {
        case .released(let shape): self.init(shape)
        case .refused(let shape): throw GateError(code: .refused, message: shape.reason)
        case .cancelled(let shape): throw GateError(code: .cancelled, message: shape.reason)
        case .progress: preconditionFailure("progress is not the end")
        }
    }
}
