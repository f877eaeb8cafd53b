// SPDX-License-Identifier: Apache-2.0

package import ReprieveProtocol
internal import ReprieveTransport

/// What the body of a gate returns.
@nonexhaustive
public enum Completion: Hashable, Sendable {
    case applied
    case failed
    case rolledBack
    /// The outcome is not known yet, since this process is about to be replaced: `complete`
    /// follows, perhaps in the next boot. An update that stops components only is to be announced
    /// with `completesLater`, too.
    case completesLater
}

/// Announces an update, waits until the gate opens, and then runs `body`, which is the change.
///
/// The components are told the outcome that `body` returns; if it throws, the outcome is `failed`.
/// They are told even if the task is cancelled meanwhile.
///
/// A broker that was reached before and is lost is tried again for 30 seconds, since it may only be
/// restarting; the update keeps its state. A broker that cannot be reached at first is an error at
/// once.
///
/// Cancelling the task while the update waits withdraws the update, and the components are told. If
/// the gate opens in the same instant, `body` does not run, and the outcome is `failed`. An update
/// that this call has joined goes on. The task ends when the broker has said which of these it is,
/// or after 2 s; then the broker withdraws the update by itself, if it waits.
///
/// - Parameters:
///   - update: the update to announce. A name in `components` that no component ever had is an
///     error, unless the policy `allowsUnmatched`. If an update of that id and that request waits
///     already, it is joined: of all coordinators that wait, the body of one runs, and for the
///     others the code of the error is `conflict`.
///   - policy: how long the gate waits for which components.
///   - controlSocket: the broker's control socket; by default where `reprieved` has it.
///   - progress: is called with the components that block the update, soon after the request
///     and at each change.
///   - body: makes the change, and returns the outcome.
/// - Throws: a `GateError` if the gate does not open, or if the outcome could not be reported
///   (`unreported`); `CancellationError`; else the error that `body` throws.
public func withGate(
    for update: Update,
    policy: GatePolicy = GatePolicy(),
    controlSocket: String? = nil,
    progress: (GateProgress) async -> Void = { _ in },
    _ body: (Release) async throws -> Completion
) async throws {
    let control = ControlClient(path: controlSocket)
    try await control.withGate(GateRequest(update, policy), progress: progress, body: body)
}

/// Tells the components the outcome of an update that was released, in this boot or in an earlier
/// one. A broker that cannot be reached is tried again for 30 seconds, as after a boot.
///
/// Reporting the same outcome again succeeds.
///
/// - Parameters:
///   - deploymentID: the update's id.
///   - outcome: `applied`, `failed` or `rolledBack`.
///   - message: a text for the components and the history; cut at 1 KiB.
///   - controlSocket: the broker's control socket; by default where `reprieved` has it.
/// - Throws: a `GateError`, such as `unknownUpdate` or `conflict`; `CancellationError`.
public func complete(
    _ deploymentID: String,
    _ outcome: Outcome,
    message: String? = nil,
    controlSocket: String? = nil
) async throws {
    let request = try CompleteRequest(deploymentID, outcome, message)
    do {
        try await ControlClient(path: controlSocket).completePatiently(request)
    } catch {
        throw publicError(error)
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

extension ControlClient {
    package func withGate(
        _ request: GateRequest,
        progress: (GateProgress) async -> Void,
        body: (Release) async throws -> Completion
    ) async throws {
        let keeper = ConnectionKeeper()
        defer { keeper.hangUp() }
        let release = try await release(request, keeper, progress)
        let completion: Completion
        do {
            completion = try await body(release)
            await keeper.settle()
        } catch {
            await keeper.settle()
            // The body's error is thrown, whether or not the report succeeds.
            _ = await report(request.deploymentID, .failed, "the update ended with an error")
            throw error
        }
        guard let outcome = completion.outcome,
            let failure = await report(request.deploymentID, outcome, nil)
        else { return }
        let message = "the outcome \(outcome.rawValue) is not reported: \(failure.message)"
        throw GateError(code: .unreported, message: message, cause: failure.code)
    }

    /// Returns why the broker does not know the outcome; nil if it does.
    private func report(
        _ id: String,
        _ outcome: Outcome,
        _ message: String?
    ) async -> GateError? {
        let request = CompleteRequest(deploymentID: id, outcome: outcome, message: message)
        // In a task of its own, since this one may be cancelled.
        let reporting = Task { try await completePatiently(request) }
        do { try await reporting.value } catch {
            return publicError(error) as? GateError
        }
        return nil
    }

    private func release(
        _ request: GateRequest,
        _ keeper: ConnectionKeeper,
        _ progress: (GateProgress) async -> Void
    ) async throws -> Release {
        var hasJoined: Bool?
        var wasLost = false
        do {
            let end = try await gate(request, keepingConnectionIn: keeper) { step in
                switch step {
                case .attached(let response):
                    hasJoined = (hasJoined ?? true) && response.attached
                    if !response.attached { wasLost = false }
                case .event(.progress(let shape)): await progress(GateProgress(shape))
                case .event(.released(let shape)): (hasJoined, wasLost) = (shape.joined, false)
                case .lost: wasLost = true
                case .asking, .event: break
                }
            }
            // In a cancelled task, the body would be interrupted at once.
            try Task.checkCancellation()
            return try Release(end)
        } catch is CancellationError {
            // An update that this task has not announced is that of another coordinator. Where the
            // broker has not said so, it ends one that waits and that nobody is attached to.
            if hasJoined == false {
                await withdrawEntirely(request.deploymentID, isItsMaker: !wasLost)
            }
            throw CancellationError()
        } catch let error as ErrorShape {
            throw GateError(announcement: error)
        } catch {
            throw publicError(error)
        }
    }

    /// Whoever attached first makes a released update. At a broker that was restarted meanwhile,
    /// that may be another coordinator.
    private func withdrawEntirely(_ id: String, isItsMaker: Bool) async {
        let reason = "its coordinator cancelled it"
        guard await withdraw(id, because: reason) == .tooLate, isItsMaker else { return }
        _ = await report(id, .failed, reason)
    }
}

extension Release {
    fileprivate init(_ end: GateEvent) throws(GateError) {
        switch end {
        case .released(let shape) where shape.joined: throw GateError(joined: shape)
        case .released(let shape): self.init(shape)
        case .refused(let shape): throw GateError(refused: shape)
        case .cancelled(let shape): throw GateError(cancelled: shape)
        case .progress: preconditionFailure("the last event of a gate is not its progress")
        }
    }
}
