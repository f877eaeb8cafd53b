// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol
internal import ReprieveTransport
internal import ReprieveTypes
internal import Synchronization

/// A component that runs a hook for each notice, and answers with the hook's exit code.
final class NoticeResponder: Sendable {
    /// What follows when the hook fails.
    enum OnFailure: String, CaseIterable {
        case acknowledge
        case `defer`
        case silent
    }

    let executable: Executable
    let onFailure: OnFailure?
    let state = Mutex(State())

    struct State {
        var connection: Connection?
        /// The events to handle next, of each update for which the hook runs: at most an outcome
        /// and a notice.
        var queues: [String: [HookEvent]] = [:]
    }

    enum Limit {
        /// The time to answer a notice if the broker does not say.
        static let notice = Defaults.responseTimeout
        static let outcome = Duration.seconds(600)
        /// Between SIGTERM and SIGKILL, but at most a tenth of the time to answer.
        static let grace = Duration.seconds(1)
    }

    /// Without `onFailure`, a hook that did not do its work is silent, and one that ended with an
    /// exit code of its own acknowledges.
    init(_ executable: Executable, onFailure: OnFailure?) {
        self.executable = executable
        self.onFailure = onFailure
    }

    /// Runs until the task is cancelled. When this returns, no hook runs any more.
    func run(with subscription: ComponentSubscription) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            try await subscription.runOrFail { event in
                guard let event = hookEvent(event), enqueue(event) else { return }
                group.addTask { await self.handleQueue(of: event.deploymentID) }
            }
        }
    }

    private func hookEvent(_ event: ComponentSubscription.Event) -> HookEvent? {
        switch event {
        case .connected, .caughtUp: break
        case .subscribed(let connection, _):
            state.withLock { $0.connection = connection }
            OutputStream.error.line("listening for updates")
        case .notice(let notice): return .notice(notice, at: .now)
        case .post(let post): return .outcome(post)
        case .lost(let error, let isNews):
            state.withLock { $0.connection = nil }
            guard isNews else { break }
            OutputStream.error.line("reprieve: \(Failure(error).message); trying again")
        }
        return nil
    }

    /// Returns whether no hook runs yet for the event's update, and one is to run now.
    private func enqueue(_ event: HookEvent) -> Bool {
        state.withLock { state in
            let queue = state.queues[event.deploymentID]
            guard queue != nil || state.queues.count < Limits.updatesOfComponent else {
                state.connection?.failFromTooManyUpdates()
                return false
            }
            // An outcome replaces all earlier events; a notice replaces an earlier notice only.
            let kept = event.isOutcome ? [] : (queue ?? []).filter(\.isOutcome)
            state.queues[event.deploymentID] = kept + [event]
            return queue == nil
        }
    }

    private func dequeue(_ id: String) -> HookEvent? {
        state.withLock { state in
            guard let next = state.queues[id]?.first, !Task.isCancelled else {
                state.queues[id] = nil
                return nil
            }
            state.queues[id]?.removeFirst()
            return next
        }
    }

    /// Runs the hook for each event of an update, one after the other.
    private func handleQueue(of id: String) async {
        while let event = dequeue(id) {
            switch event {
            case .notice(let notice, _): await answer(notice, event)
            case .outcome(let post): await report(post, event)
            }
        }
    }

    private func report(_ post: PostUpdateEvent, _ event: HookEvent) async {
        note(post.deploymentID, "is over: \((post.outcome ?? .unknown).rawValue)")
        do {
            _ = try await runHook(event, limit: Limit.outcome, grace: Limit.grace)
        } catch {
            Failure(error)?.print()
        }
    }
}
