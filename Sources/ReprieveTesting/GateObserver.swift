// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol
internal import Synchronization

/// The latest state of one gate, for those that wait for a change of it.
final class GateObserver: Sendable {
    let deploymentID: String
    private let state = Mutex(State())

    init(_ deploymentID: String) {
        self.deploymentID = deploymentID
    }

    private struct State {
        var latest = GateSnapshot()
        var continuations: [AsyncStream<GateSnapshot>.Continuation] = []
    }

    var latest: GateSnapshot { state.withLock { $0.latest } }

    func see(_ status: UpdateStatus) {
        update { $0.status = status }
    }

    func see(_ event: GateEvent) {
        if event.isLast { update { $0.end = event } }
    }

    /// Only called on the broker's executor, so that the snapshots are yielded in order.
    private func update(_ change: (inout GateSnapshot) -> Void) {
        let (latest, continuations) = state.withLock { state in
            change(&state.latest)
            return (state.latest, state.continuations)
        }
        for continuation in continuations { continuation.yield(latest) }
    }

    /// The latest snapshot, then one at each change.
    func snapshots() -> AsyncStream<GateSnapshot> {
        let (snapshots, continuation) = AsyncStream<GateSnapshot>.makeStream()
        state.withLock { state in
            continuation.yield(state.latest)
            state.continuations.append(continuation)
        }
        return snapshots
    }
}

/// The state of a gate at one moment.
struct GateSnapshot: Sendable {
    var status: UpdateStatus?
    var end: GateEvent?

    var state: TestGate.State {
        switch end {
        case .released(let release):
            return .released(release.basis)
        case .refused(let withdrawal)?, .cancelled(let withdrawal)?:
            return .cancelled(because: withdrawal.reason)
        case .progress?, nil: return .waiting(for: status?.blockedBy.sorted() ?? [])
        }
    }

    func answer(of component: String) -> TestGate.Answer? {
        if case .released(let release) = end {
            let isParticipant = release.participants.contains(component)
            let isExcluded =
                release.silent.contains(component) || release.overridden.contains(component)
            return isParticipant && !isExcluded ? .acknowledged : nil
        }
        let participant = status?.participants.first { $0.component == component }
        switch participant?.state {
        case .acknowledged?: return .acknowledged
        case .deferred?:
            let time = participant?.until ?? .zero
            return .deferred(for: time, because: participant?.message ?? "")
        default: return nil
        }
    }
}
