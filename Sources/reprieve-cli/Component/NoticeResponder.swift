// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import ReprieveProtocol
internal import ReprieveTransport
internal import Synchronization

/// A component that runs a hook for each notice, and answers with the hook's exit code.
final class NoticeResponder: Sendable {
    private let executable: Executable
    private let state = Mutex(State())

    private struct State {
        var connection: Connection?
        /// The events to handle next, of each update for which the hook runs: at most an outcome and
        /// a notice.
        var queues: [String: [HookEvent]] = [:]
    }

    private enum Limit {
        /// The time to answer a notice if the broker does not say.
        static let notice = Duration.seconds(60)
        static let outcome = Duration.seconds(600)
        /// Between SIGTERM and SIGKILL, but at most a tenth of the time to answer.
        static let grace = Duration.seconds(1)
    }

    init(_ executable: Executable) {
        self.executable = executable
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
        case .connected: break
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

    /// Returns whether no hook runs yet for the event's update.
    private func enqueue(_ event: HookEvent) -> Bool {
        state.withLock { state in
            let queue = state.queues[event.deploymentID]
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

// MARK: - Answers

extension NoticeResponder {
    private func answer(_ notice: PreUpdateEvent, _ event: HookEvent) async {
        let time = notice.respondByMs.map { Duration.milliseconds($0) } ?? Limit.notice
        // A component that is told, and not asked, has the usual time.
        let limit = time > .zero ? time : Limit.notice
        let grace = min(Limit.grace, limit / 10)
        let result: CapturedProcess.Result
        do { result = try await runHook(event, limit: limit - grace, grace: grace) } catch {
            Failure(error)?.print()
            warn(notice.deploymentID, "COMMAND did not run: taken as an acknowledgement")
            return await send(.acknowledge, to: notice)
        }
        guard !Task.isCancelled, let answer = answer(result, to: notice.deploymentID) else {
            return
        }
        await send(answer, to: notice)
    }

    private func runHook(
        _ event: HookEvent,
        limit: Duration,
        grace: Duration
    ) async throws -> CapturedProcess.Result {
        let now = ContinuousClock.now
        var left = limit
        if case .notice(_, let arrival) = event { left = max(grace, limit - (now - arrival)) }
        let hook = try CapturedProcess(executable, environment: event.environment(at: now))
        let result = await hook.waitForEnd(within: left, grace: grace)
        let isDeferral = !event.isOutcome && result.termination == .exited(HookAnswer.deferring)
        if !isDeferral { OutputStream.standard.write(result.output) }
        return result
    }

    /// Nil if the hook gave no answer.
    private func answer(_ result: CapturedProcess.Result, to id: String) -> HookAnswer? {
        switch result.termination {
        case .exited(0): return .acknowledge
        case .exited(HookAnswer.deferring):
            let output = String(decoding: result.output, as: UTF8.self)
            if let answer = HookAnswer(deferring: output) { return answer }
            let usual = duration(HookAnswer.usualDeferral)
            let first = quoted(String(output.prefix { !$0.isNewline }))
            warn(id, "COMMAND deferred without a duration, \(first): taken as \(usual)")
            return .defer(milliseconds: HookAnswer.usualDeferral, message: nil)
        case _ where result.wasSignalled:
            warn(id, "COMMAND gave no answer in time, and was ended")
            return nil
        case let termination:
            warn(id, "COMMAND ended with \(termination.text): taken as an acknowledgement")
            return .acknowledge
        }
    }

    private func send(_ answer: HookAnswer, to notice: PreUpdateEvent) async {
        let id = notice.deploymentID
        let request: DeferRequest
        switch answer {
        case .acknowledge:
            request = notice.answer(deferringMs: 0, nil)
            note(id, notice.isFinal ? "is acknowledged" : "may go ahead once all others are ready")
        case .defer(let milliseconds, let message):
            request = notice.answer(deferringMs: milliseconds, message)
            let why = message.map { ": " + shown($0) } ?? ""
            note(id, "is deferred for \(duration(milliseconds))\(why)")
        }
        let connection = state.withLock { $0.connection }
        do { _ = try await connection?.call(.deferComponentUpdate, request) } catch {
            // A lost connection is reported by the subscription, and the broker asks again.
            guard let error = error as? ErrorShape else { return }
            warn(id, "the answer has no effect: \(Failure(error).message)")
        }
    }

    private func note(_ id: String, _ text: String) {
        OutputStream.error.line("update \(shown(id)) \(text)")
    }

    private func warn(_ id: String, _ text: String) {
        OutputStream.error.line("reprieve: update \(shown(id)): \(text)")
    }
}
