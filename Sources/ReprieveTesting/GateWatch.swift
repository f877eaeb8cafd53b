// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol
internal import Synchronization

/// What was seen of a gate, and who wants to see what follows.
final class GateWatch: Sendable {
    let deploymentID: String
    private let state = Mutex(State())

    init(_ deploymentID: String) {
        self.deploymentID = deploymentID
    }

    private struct State {
        var latest = GateSight()
        var watchers: [AsyncStream<GateSight>.Continuation] = []
    }

    var latest: GateSight { state.withLock { $0.latest } }

    func see(_ status: UpdateStatus) {
        see { $0.status = status }
    }

    func see(_ event: GateEvent) {
        if event.isLast { see { $0.end = event } }
    }

    private func see(_ change: (inout GateSight) -> Void) {
        state.withLock { state in
            change(&state.latest)
            for watcher in state.watchers { watcher.yield(state.latest) }
        }
    }

    /// How things stand, and then each change.
    func sights() -> AsyncStream<GateSight> {
        let (sights, watcher) = AsyncStream<GateSight>.makeStream()
        state.withLock { state in
            watcher.yield(state.latest)
            state.watchers.append(watcher)
        }
        return sights
    }
}

/// A gate at one moment.
struct GateSight: Sendable {
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
            let counts = release.participants.contains(component)
            let spoke = !release.silent.contains(component)
            return counts && spoke && !release.overridden.contains(component) ? .acknowledged : nil
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
