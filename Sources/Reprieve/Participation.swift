// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import ReprieveProtocol
internal import ReprieveTransport
internal import Synchronization

/// What surrounds a desk: the connection, the clock, the component's closures.
///
/// Every answer is put on the wire under the lock under which it was decided, so that a later
/// decision is never overtaken by an earlier one. What takes time runs as a job of `run()`, or of
/// `answer`.
final class Participation: Sendable {
    typealias Job = @Sendable () async -> Void
    typealias Verdicts = AsyncStream<UpdatesError?>

    let component: String
    let path: String
    let logger: Logger
    let surroundings: any Surroundings
    let state = Mutex(State())

    struct State {
        var desk = Desk()
        var connection: Connection?
        /// What `run()` is to do.
        var jobs: AsyncStream<Job>.Continuation?
        /// What `answer` is to ask.
        var questions: AsyncStream<(Desk.Ticket, Notice)>.Continuation?
        var followUps: [Desk.Ticket: Answer.FollowUp] = [:]
        var scopes: [Desk.Hold: Scope] = [:]
        var latestScope = 0
        var outcomes = OutcomeListeners()
        /// What waits for the desk's next deadline.
        var alarm: (deadline: Desk.Moment, task: Task<Void, Never>)?
    }

    /// A scope that is open, or wants to be.
    struct Scope {
        let verdicts: Verdicts.Continuation
        let onLastCall: @Sendable (LastCall) async -> Void
    }

    init(component: String, path: String, logger: Logger, in surroundings: any Surroundings) {
        self.component = component
        self.path = path
        self.logger = logger
        self.surroundings = surroundings
    }

    func handle(_ event: Desk.Event) {
        state.withLock { handle(event, &$0) }
    }

    func handle(_ event: Desk.Event, _ state: inout State) {
        for action in state.desk.handle(event, at: surroundings.now) { perform(action, &state) }
        setAlarm(&state)
    }

    private func perform(_ action: Desk.Action, _ state: inout State) {
        switch action {
        case .say(let question, let request): say(question, request, &state)
        case .ask(let ticket, let notice): state.questions?.yield((ticket, notice))
        case .follow(let ticket, let outcome):
            let followUp = state.followUps.removeValue(forKey: ticket)
            state.jobs?.yield { [self] in
                await followUp?(outcome)
                handle(.followed(ticket))
            }
        case .publish(let ended): state.outcomes.publish(ended)
        case .begin(let hold): state.scopes[hold]?.verdicts.yield(nil)
        case .refuse(let hold, let id):
            state.scopes.removeValue(forKey: hold)?.verdicts.yield(.updateUnderway(id))
        case .warn(let hold, let lastCall):
            let warn = state.scopes[hold]?.onLastCall
            state.jobs?.yield { await warn?(lastCall) }
        case .log(let text): logger.warning("\(text)")
        case .hangUp: state.connection?.fail(ConnectionError(.timedOut, path))
        }
    }

    private func say(
        _ question: Desk.Question,
        _ request: DeferRequest,
        _ state: inout State
    ) {
        guard let connection = state.connection else { return }
        let replies = connection.stream(.deferComponentUpdate, request)
        state.jobs?.yield { [self] in handle(.replied(question, await reply(replies))) }
    }

    private func reply(_ replies: Replies) async -> Reply {
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

// MARK: - Running

extension Participation {
    /// Says that `run()` will be called in a moment, so that no scope begins before it is known
    /// whether it may.
    func willRun() {
        handle(.opening)
    }

    func run() async {
        let (jobs, newJobs) = AsyncStream<Job>.makeStream()
        state.withLock { state in
            precondition(state.jobs == nil, "run() is called once: it takes part for all copies")
            state.jobs = newJobs
            handle(.opening, &state)
        }
        await withTaskExecutorPreference(surroundings.executor) {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.stayConnected() }
                for await job in jobs { group.addTask { await job() } }
            }
        }
        state.withLock { state in
            state.jobs = nil
            setAlarm(&state)
        }
    }

    /// Sees to it that the desk is told when its next deadline has come.
    private func setAlarm(_ state: inout State) {
        let deadline = state.jobs == nil ? nil : state.desk.nextDeadline
        guard deadline != state.alarm?.deadline else { return }
        state.alarm?.task.cancel()
        state.alarm = nil
        guard let deadline else { return }
        let task = Task(executorPreference: surroundings.executor) { [weak self, surroundings] in
            do { try await surroundings.sleep(until: deadline) } catch { return }
            self?.ring(deadline)
        }
        state.alarm = (deadline, task)
    }

    private func ring(_ deadline: Desk.Moment) {
        state.withLock { state in
            guard state.alarm?.deadline == deadline else { return }
            state.alarm = nil
            handle(.timePassed, &state)
        }
    }
}

// MARK: - Asking

extension Participation {
    func answer(_ answer: @escaping @Sendable (Notice) async -> Answer) async {
        let (questions, newQuestions) = AsyncStream<(Desk.Ticket, Notice)>.makeStream()
        state.withLock { state in
            precondition(state.questions == nil, "a component has one `answer` at a time")
            state.questions = newQuestions
            handle(.answererCame, &state)
        }
        await withTaskExecutorPreference(surroundings.executor) {
            await withDiscardingTaskGroup { group in
                for await (ticket, notice) in questions {
                    group.addTask { await self.ask(answer, ticket, notice) }
                }
            }
        }
        state.withLock { state in
            state.questions = nil
            handle(.answererLeft, &state)
        }
    }

    private func ask(
        _ answer: @Sendable (Notice) async -> Answer,
        _ ticket: Desk.Ticket,
        _ notice: Notice
    ) async {
        let word: Word
        var followUp: Answer.FollowUp?
        switch await answer(notice).word {
        case .defer(let time, let reason): word = .defer(time, because: reason)
        case .acknowledge(.some, _) where !notice.isFinal: word = .could
        case .acknowledge(let prepare, let then):
            await prepare?()
            followUp = then
            word = then == nil ? .could : .ready
        }
        state.withLock { state in
            state.followUps[ticket] = followUp
            handle(.decided(ticket, word), &state)
        }
    }
}

// MARK: - Holding

extension Participation {
    /// Returns once every pending update waits for the scope.
    func hold(
        _ why: String,
        _ ifUnderway: IfUnderway,
        _ onLastCall: @escaping @Sendable (LastCall) async -> Void
    ) async throws -> Desk.Hold {
        let (verdicts, newVerdicts) = Verdicts.makeStream()
        let hold = state.withLock { state in
            state.latestScope += 1
            let hold = Desk.Hold(number: state.latestScope)
            state.scopes[hold] = Scope(verdicts: newVerdicts, onLastCall: onLastCall)
            handle(.held(hold, why: why, ifUnderway), &state)
            return hold
        }
        for await refusal in verdicts {
            if let refusal { throw refusal }
            return hold
        }
        letGo(hold)
        throw CancellationError()
    }

    func letGo(_ hold: Desk.Hold) {
        state.withLock { state in
            state.scopes[hold] = nil
            handle(.letGo(hold), &state)
        }
    }
}
