// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import ReprieveProtocol
internal import ReprieveTransport
internal import Synchronization

/// A component whose answers are a command's exit codes.
final class Listener: Sendable {
    private let command: Command
    private let state = Mutex(State())

    private struct State {
        var connection: Connection?
        /// What waits, of each update for which the command runs: at most an outcome and a notice.
        var waiting: [String: [Heard]] = [:]
    }

    private enum Limit {
        /// How long a notice may be thought about if the broker does not say.
        static let notice = Duration.seconds(60)
        static let outcome = Duration.seconds(600)
        /// Between SIGTERM and SIGKILL, but no more than a tenth of the time to answer.
        static let grace = Duration.seconds(1)
    }

    init(_ command: Command) {
        self.command = command
    }

    /// Returns never, but when the task is cancelled; then no command runs any more.
    func run(over link: ComponentLink) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            try await link.run { event in
                guard let heard = heard(event), enqueue(heard) else { return }
                group.addTask { await self.work(heard.deploymentID) }
            }
        }
    }

    private func heard(_ event: ComponentLink.Event) -> Heard? {
        switch event {
        case .subscribed(let connection, _):
            state.withLock { $0.connection = connection }
            Output.error.line("listening for updates")
        case .notice(let notice): return .notice(notice, at: .now)
        case .post(let post): return .outcome(post)
        case .lost(let trouble):
            state.withLock { $0.connection = nil }
            Output.error.line("reprieve: \(trouble.message); trying again")
        }
        return nil
    }

    /// Whether nothing runs yet for its update.
    private func enqueue(_ heard: Heard) -> Bool {
        state.withLock { state in
            let waiting = state.waiting[heard.deploymentID]
            // An outcome makes all before it moot; a notice only the notice before it.
            let kept = heard.isOutcome ? [] : (waiting ?? []).filter(\.isOutcome)
            state.waiting[heard.deploymentID] = kept + [heard]
            return waiting == nil
        }
    }

    private func next(of id: String) -> Heard? {
        state.withLock { state in
            guard let next = state.waiting[id]?.first, !Task.isCancelled else {
                state.waiting[id] = nil
                return nil
            }
            state.waiting[id]?.removeFirst()
            return next
        }
    }

    /// Runs the command for what waits, one after the other.
    private func work(_ id: String) async {
        while let heard = next(of: id) {
            switch heard {
            case .notice(let notice, _): await answer(notice, heard)
            case .outcome(let post): await tell(post, heard)
            }
        }
    }

    private func tell(_ post: PostUpdateEvent, _ heard: Heard) async {
        note(post.deploymentID, "is over: \((post.outcome ?? .unknown).rawValue)")
        do {
            _ = try await result(of: heard, limit: Limit.outcome, grace: Limit.grace)
        } catch {
            _ = explained(error)
        }
    }
}

// MARK: - Answers

extension Listener {
    private func answer(_ notice: PreUpdateEvent, _ heard: Heard) async {
        let time = notice.respondByMs.map { Duration.milliseconds($0) } ?? Limit.notice
        // Who is told, and not asked, may take the usual time.
        let limit = time > .zero ? time : Limit.notice
        let grace = min(Limit.grace, limit / 10)
        let result: Captive.Result
        do { result = try await self.result(of: heard, limit: limit - grace, grace: grace) } catch {
            _ = explained(error)
            warn(notice.deploymentID, "COMMAND did not run: taken as an acknowledgement")
            return await say(.acknowledge, to: notice)
        }
        guard !Task.isCancelled, let reply = reply(result, to: notice.deploymentID) else { return }
        await say(reply, to: notice)
    }

    private func result(
        of heard: Heard,
        limit: Duration,
        grace: Duration
    ) async throws -> Captive.Result {
        let now = ContinuousClock.now
        var left = limit
        if case .notice(_, let arrival) = heard { left = max(grace, limit - (now - arrival)) }
        let captive = try Captive(command, environment: heard.environment(at: now))
        let result = await captive.end(within: left, grace: grace)
        let isDeferral = !heard.isOutcome && result.ending == .exited(Reply.deferring)
        if !isDeferral { Output.standard.write(result.output) }
        return result
    }

    /// Nil if there is no answer.
    private func reply(_ result: Captive.Result, to id: String) -> Reply? {
        switch result.ending {
        case .exited(0): return .acknowledge
        case .exited(Reply.deferring):
            let output = String(decoding: result.output, as: UTF8.self)
            if let reply = Reply(deferring: output) { return reply }
            let usual = duration(Reply.usualDeferral)
            let first = quoted(String(output.prefix { !$0.isNewline }))
            warn(id, "COMMAND deferred without a duration, \(first): taken as \(usual)")
            return .defer(milliseconds: Reply.usualDeferral, message: nil)
        case _ where result.wasEnded:
            warn(id, "COMMAND gave no answer in time, and was ended")
            return nil
        case let ending:
            warn(id, "COMMAND ended with \(ending.text): taken as an acknowledgement")
            return .acknowledge
        }
    }

    private func say(_ reply: Reply, to notice: PreUpdateEvent) async {
        let id = notice.deploymentID
        let request: DeferRequest
        switch reply {
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
            // A lost connection is told of by itself, and the broker asks again.
            guard let error = error as? ErrorShape else { return }
            warn(id, "the answer has no effect: \(printable(error.message, limit: Limits.text))")
        }
    }

    private func note(_ id: String, _ text: String) {
        Output.error.line("update \(shown(id)) \(text)")
    }

    private func warn(_ id: String, _ text: String) {
        Output.error.line("reprieve: update \(shown(id)): \(text)")
    }
}
