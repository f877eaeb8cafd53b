// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol
internal import ReprieveTransport
internal import Synchronization

/// A component that says "not now" to every update while a command runs.
///
/// Every answer is put on the wire under the lock under which it was decided, so that none is
/// overtaken by an earlier one.
final class Hold: Sendable {
    /// What to do about an update that goes ahead already.
    enum IfUnderway: String, CaseIterable {
        case refuse
        case wait
        case proceed
    }

    private let why: String
    private let leaseMs: Int64
    private let ifUnderway: IfUnderway
    private let state = Mutex(State())

    private struct State {
        var connection: Connection?
        /// The newest notice of each update that waits.
        var notices: [String: PreUpdateEvent] = [:]
        /// Updates whose gate has opened, or which cannot be held back any longer.
        var underway: Set<String> = []
        var hasBegun = false
    }

    /// Something was heard that may let the command begin.
    private typealias News = AsyncThrowingStream<Void, any Error>

    /// Milliseconds. A shorter deferral is not worth being renewed ahead of time.
    private static let shortestRenewed: Int64 = 900

    /// How long the broker may take to hear that the command has ended.
    private static let farewellTimeout = Duration.seconds(2)

    init(why: String, leaseMs: Int64, ifUnderway: IfUnderway) {
        self.why = why
        self.leaseMs = leaseMs
        self.ifUnderway = ifUnderway
    }

    /// Throws a `Failure` if the command did not run.
    func run(_ command: Command, over link: ComponentLink) async throws -> Child.Ending {
        let (news, newsDesk) = News.makeStream(bufferingPolicy: .bufferingNewest(1))
        let holding = Task {
            do {
                try await link.run(farewell: letGo) { await hear($0, newsDesk) }
            } catch { newsDesk.finish(throwing: error) }
        }
        let child: Child
        do {
            try await begin(after: news)
            child = try Child(command, environment: [])
        } catch {
            await end(holding)
            throw error
        }
        await Signals.handled {
            child.pass($0)
        } while: {
            await child.end()
        }
        await end(holding)
        return child.reap()
    }

    private func end(_ holding: Task<Void, Never>) async {
        // Whoever was asked, and left before it heard of it, would be waited for.
        let connection = state.withLock { $0.connection }
        await atMost(Self.farewellTimeout) { try? await connection?.roundTrip() }
        holding.cancel()
        await holding.value
    }

    private func begin(after news: News) async throws {
        let interruption = Mutex<Signal?>(nil)
        let waiting = Task { try await beginUndisturbed(news) }
        do {
            try await Signals.handled { signal in
                interruption.withLock { $0 = $0 ?? signal }
                waiting.cancel()
            } while: {
                try await waiting.value
            }
        } catch is CancellationError {}
        if let signal = interruption.withLock({ $0 }) {
            throw Failure(signal.exitCode, "interrupted by \(signal.name); COMMAND did not run")
        }
    }

    private func beginUndisturbed(_ news: News) async throws {
        var said = ""
        for try await _ in news {
            guard let id = begin() else { return }
            let text = "the update \(shown(id)) is under way; "
            switch ifUnderway {
            case .refuse: throw Failure(Exit.underway, text + "COMMAND did not run")
            case .proceed:
                Output.error.line("reprieve: " + text + "COMMAND runs regardless")
                return state.withLock { $0.hasBegun = true }
            case .wait where said != text:
                Output.error.line("reprieve: " + text + "waiting for its end")
                said = text
            case .wait: break
            }
        }
        try Task.checkCancellation()
    }

    /// Says that the command begins, unless an update is under way: then returns its id.
    private func begin() -> String? {
        state.withLock { state in
            state.hasBegun = state.underway.isEmpty
            return state.underway.min()
        }
    }
}

// MARK: - What is heard

extension Hold {
    private func hear(_ event: ComponentLink.Event, _ news: News.Continuation) async {
        switch event {
        case .subscribed(let connection, let response):
            let hasBegun = state.withLock { state in
                // A broker that was restarted keeps the deferrals that run, and does not ask.
                state.connection = connection
                state.underway = Set(response.underway)
                return state.hasBegun
            }
            for id in response.underway where hasBegun { warn(id, "is under way, despite: \(why)") }
        case .notice(let notice):
            if notice.lastCall { warn(notice.deploymentID, "goes ahead soon, despite: \(why)") }
            await deferUpdate(notice)
        case .post(let post):
            state.withLock { state in
                state.notices[post.deploymentID] = nil
                state.underway.remove(post.deploymentID)
            }
        case .lost(let trouble):
            state.withLock { $0.connection = nil }
            Output.error.line("reprieve: \(trouble.message); trying again, \(meanwhile)")
        }
        news.yield()
    }

    private var meanwhile: String {
        // Without a broker nobody asks; but what was under way still is.
        let isBarred = state.withLock { !$0.hasBegun && !$0.underway.isEmpty }
        return isBarred ? "COMMAND waits" : "COMMAND runs, and updates wait once it is back"
    }

    private func deferUpdate(_ notice: PreUpdateEvent) async {
        let replies = state.withLock { state in
            state.notices[notice.deploymentID] = notice
            return say(leaseMs, to: notice, state)
        }
        await heed(replies, notice)
    }

    private func say(_ time: Int64, to notice: PreUpdateEvent, _ state: State) -> Replies? {
        let request = notice.answer(deferringMs: time, time > 0 ? why : nil)
        return state.connection?.stream(.deferComponentUpdate, request)
    }

    private func heed(_ replies: Replies?, _ notice: PreUpdateEvent) async {
        guard let replies else { return }
        let id = notice.deploymentID
        do {
            for try await payload in replies {
                return renew(notice, after: try DeferResponse(decoding: payload))
            }
        } catch {
            // A lost connection is told of by itself.
            guard let error = error as? ErrorShape else { return }
            let isNews = state.withLock { state in
                state.notices[id] = nil
                return state.underway.insert(id).inserted && state.hasBegun
            }
            let reason = printable(error.message, limit: Limits.text)
            if isNews { warn(id, "goes ahead, despite: \(why) (\(reason))") }
        }
    }

    /// Defers once more before the time is over. If there is no more to be had, or too little for
    /// that, the broker asks again in any case.
    private func renew(_ notice: PreUpdateEvent, after grant: DeferResponse) {
        guard let granted = grant.grantedMs, granted >= Self.shortestRenewed,
            let remaining = grant.remainingMs, remaining > 0
        else { return }
        Task {
            try await Task.sleep(for: .milliseconds(granted) * 2 / 3)
            let replies = state.withLock { state in
                // A later notice has its own.
                let isLatest = state.notices[notice.deploymentID] == notice
                return isLatest ? say(leaseMs, to: notice, state) : nil
            }
            await heed(replies, notice)
        }
    }

    private func warn(_ id: String, _ text: String) {
        Output.error.line("reprieve: the update \(shown(id)) \(text)")
    }

    /// The command has ended: whatever waits need not. Said after the end of the subscription, to
    /// which a final notice would follow.
    private func letGo() async {
        let said = state.withLock { state in
            defer { state.notices = [:] }
            return state.notices.values.map { say(0, to: $0, state) }
        }
        await atMost(Self.farewellTimeout) {
            for case let replies? in said { do { for try await _ in replies { break } } catch {} }
        }
    }
}

extension PreUpdateEvent {
    /// 0 acknowledges.
    func answer(deferringMs milliseconds: Int64, _ message: String?) -> DeferRequest {
        DeferRequest(
            deploymentID: deploymentID,
            recheckAfterMs: milliseconds,
            message: message,
            round: round
        )
    }
}
