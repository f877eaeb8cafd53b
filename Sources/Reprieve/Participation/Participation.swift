// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import ReprieveProtocol
internal import ReprieveTransport
internal import Synchronization

/// What surrounds the state machine: the connection, the clock, and the caller's closures.
///
/// An answer is sent under the lock under which it was decided, so that a later one does not
/// overtake it. All else that an action asks for is an effect, performed once the lock is
/// released: loggers, continuations and cancelled tasks may call back into this type.
final class Participation: Sendable {
    typealias Event = ParticipationStateMachine.Event
    typealias Moment = ParticipationStateMachine.Moment
    typealias QuestionID = ParticipationStateMachine.QuestionID
    typealias ScopeID = ParticipationStateMachine.ScopeID
    typealias Job = @Sendable () async -> Void
    typealias Effect = @Sendable () -> Void

    let component: String
    let path: String
    let logger: Logger
    let environment: any ClientEnvironment
    let state = Mutex(State())

    struct State {
        var machine = ParticipationStateMachine()
        var connection: Connection?
        /// What takes time runs as a job of `run()`; nil while that does not run.
        var jobs: AsyncStream<Job>.Continuation?
        var answerer: Answerer?
        var followUps: [QuestionID: Answer.FollowUp] = [:]
        var scopes: [ScopeID: Scope] = [:]
        var latestNumber = 0
        var outcomes = OutcomeListeners()
        var subscriptions = SubscriptionListeners()
        var alarm: Alarm?
    }

    /// The task that waits for the state machine's next deadline.
    struct Alarm {
        let deadline: Moment
        let task: Task<Void, Never>
    }

    init(component: String, path: String, logger: Logger, in environment: any ClientEnvironment) {
        self.component = component
        self.path = path
        self.logger = logger
        self.environment = environment
    }

    /// Has the state machine handle `event`, after a change of the state under the same lock.
    func handle(_ event: Event, after change: (inout State) -> Void = { _ in }) {
        let effects = state.withLock { state in
            change(&state)
            return self.effects(of: event, &state)
        }
        perform(effects)
    }

    func perform(_ effects: [Effect]) {
        for effect in effects { effect() }
    }

    func effects(of event: Event, _ state: inout State) -> [Effect] {
        let actions = state.machine.handle(event, at: environment.now)
        var effects = actions.compactMap { effect(of: $0, &state) }
        if let cancelling = setAlarm(&state) { effects.append(cancelling) }
        return effects
    }

    private func effect(
        of action: ParticipationStateMachine.Action,
        _ state: inout State
    ) -> Effect? {
        switch action {
        case .send(let answer, let request): return send(answer, request, &state)
        case .ask(let question, let notice): return ask(question, notice, state.answerer)
        case .followUp(let question, let outcome):
            let followUp = state.followUps.removeValue(forKey: question)
            return start(state.jobs, orElse: .followedUp(question)) { [self] in
                await followUp?(outcome)
                handle(.followedUp(question))
            }
        case .publish(let ended):
            let listeners = state.outcomes.publish(ended)
            return { for listener in listeners { listener.yield(ended) } }
        case .begin(let scope):
            let verdict = state.scopes[scope]?.verdict
            return { verdict?.yield(nil) }
        case .refuse(let scope, let id, let reason):
            let verdict = state.scopes.removeValue(forKey: scope)?.verdict
            return { verdict?.yield(.updateUnderway(id, reason)) }
        case .refuseWaiting(let scope, let id):
            let verdict = state.scopes.removeValue(forKey: scope)?.verdict
            return { verdict?.yield(.updateWaits(id)) }
        case .warn(let scope, let lastCall):
            let (jobs, warn) = (state.jobs, state.scopes[scope]?.onLastCall)
            return { jobs?.yield { await warn?(lastCall) } }
        case .log(let text):
            return { [logger] in logger.warning("\(text)") }
        case .hangUp(let reason):
            let connection = state.connection
            return { [path] in connection?.fail(ConnectionError(reason, path)) }
        }
    }

    /// Starts a job of `run()`. If that has ended, `event` is handled instead.
    private func start(
        _ jobs: AsyncStream<Job>.Continuation?,
        orElse event: Event,
        _ job: @escaping Job
    ) -> Effect {
        { [self] in
            if case .enqueued? = jobs?.yield(job) { return }
            handle(event)
        }
    }

    private func send(
        _ answer: ParticipationStateMachine.AnswerID,
        _ request: DeferRequest,
        _ state: inout State
    ) -> Effect? {
        guard let connection = state.connection else { return nil }
        let limit = Limits.responseTimeout
        let replies = connection.stream(.deferComponentUpdate, request, within: limit)
        return start(state.jobs, orElse: .replied(answer, .lost)) { [self] in
            handle(.replied(answer, await reply(replies)))
        }
    }

    private func reply(_ replies: Replies) async -> BrokerReply {
        do {
            for try await payload in replies {
                let response = try? DeferResponse(decoding: payload)
                return .taken(response ?? DeferResponse(grantedMs: nil, remainingMs: nil))
            }
            return .lost
        } catch let error as ErrorShape {
            return .refused(error.message)
        } catch {
            return .lost
        }
    }
}

extension ConnectionError {
    fileprivate init(_ reason: ParticipationStateMachine.HangUpReason, _ path: String) {
        switch reason {
        case .tooManyUpdates:
            let limit = Limits.updatesOfComponent
            self.init(.broken, path, because: "more than \(limit) updates at a time")
        }
    }
}
