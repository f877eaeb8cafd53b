// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import ReprieveProtocol
internal import ReprieveTransport
internal import Synchronization
internal import Systemd

/// A component that acknowledges updates inside its windows only: what surrounds the state machine.
///
/// An answer is sent under the lock under which it was decided, so that no answer overtakes an
/// earlier one.
final class WindowResponder: Sendable {
    private let state: Mutex<State>
    private let timer: WallClockTimer

    private struct State {
        var machine: WindowStateMachine
        var connection: Connection?
    }

    private typealias SentAnswer = (
        connection: Connection, replies: Replies, notice: PreUpdateEvent, answer: NoticeAnswer
    )

    init(_ calendar: WindowCalendar) throws(SystemError) {
        state = Mutex(State(machine: WindowStateMachine(calendar)))
        timer = try WallClockTimer()
    }

    /// Runs until the task is cancelled.
    func run(with subscription: ComponentSubscription) async throws {
        let queue = DispatchQueue(label: "wall clock")
        let source = DispatchSource.makeReadSource(
            fileDescriptor: timer.descriptor,
            queue: queue
        )
        source.setEventHandler { [weak self] in
            self?.timer.acknowledge()
            self?.handle(.timePassed)
        }
        source.setCancelHandler { [timer] in withExtendedLifetime(timer) {} }
        source.activate()
        defer { source.cancel() }
        handle(.timePassed)
        try await subscription.runOrFail { handle($0) }
    }

    private func handle(_ event: ComponentSubscription.Event) {
        switch event {
        case .connected, .caughtUp: break
        case .subscribed(let connection, _):
            OutputStream.error.line("listening for updates")
            handle(.subscribed) { $0.connection = connection }
        case .notice(let notice):
            if notice.lastCall { note(notice.deploymentID, "stops waiting soon in any case") }
            handle(.noticed(notice))
        case .post(let post):
            note(post.deploymentID, "is over: \((post.outcome ?? .unknown).rawValue)")
            handle(.ended(deploymentID: post.deploymentID))
        case .lost(let error, let isNews):
            state.withLock { $0.connection = nil }
            guard isNews else { break }
            OutputStream.error.line("reprieve: \(Failure(error).message); trying again")
        }
    }

    private func handle(
        _ event: WindowStateMachine.Event,
        after change: (inout State) -> Void = { _ in }
    ) {
        let sent = state.withLock { state in
            change(&state)
            var actions = state.machine.handle(event, at: WallClockTimer.now)
            while !timer.set(to: state.machine.nextChange) {
                actions += state.machine.handle(.timePassed, at: WallClockTimer.now)
            }
            return actions.compactMap { perform($0, state) }
        }
        guard !sent.isEmpty else { return }
        Task { for answer in sent { await finish(answer) } }
    }

    private func perform(_ action: WindowStateMachine.Action, _ state: State) -> SentAnswer? {
        switch action {
        case .note(let text): OutputStream.error.line(text)
        case .hangUp: state.connection?.failFromTooManyUpdates()
        case .answer(let notice, let answer):
            guard let connection = state.connection else { return nil }
            let request = answer.request(to: notice)
            let replies = connection.stream(
                .deferComponentUpdate,
                request,
                within: Limits.responseTimeout
            )
            return (connection, replies, notice, answer)
        }
        return nil
    }

    private func finish(_ sent: SentAnswer) async {
        let id = sent.notice.deploymentID
        do {
            let response = try await sent.connection.response(of: sent.replies)
            let grant = try? DeferResponse(decoding: response)
            note(id, sent.answer.text(to: sent.notice, granted: grant?.grantedMs))
        } catch {
            // A lost connection is reported by the subscription.
            guard let error = error as? ErrorShape else { return }
            let message = Failure(error).message
            OutputStream.error.line(
                "reprieve: update \(shown(id)): the answer has no effect: \(message)"
            )
            handle(.refused(sent.notice))
        }
    }

    private func note(_ id: String, _ text: String) {
        OutputStream.error.line("update \(shown(id)) \(text)")
    }
}
