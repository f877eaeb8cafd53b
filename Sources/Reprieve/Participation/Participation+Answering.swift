// SPDX-License-Identifier: Apache-2.0

internal import ReprieveTransport
internal import Synchronization

/// `answer`: the closure that decides on notices.
extension Participation {
    typealias Question = (id: QuestionID, notice: Notice)

    /// One call of `answer`.
    struct Answerer {
        let number: Int
        let questions: AsyncStream<Question>.Continuation
    }

    func answer(_ answer: @escaping @Sendable (Notice) async -> Answer) async {
        let (questions, continuation) = AsyncStream<Question>.makeStream()
        let number = nextNumber()
        handle(.answererCame) { state in
            precondition(state.answerer == nil, "a component has one `answer` at a time")
            state.answerer = Answerer(number: number, questions: continuation)
        }
        // Closures may end long after the cancellation, and the next `answer` need not wait for it.
        await withTaskCancellationHandler {
            await withTaskExecutorPreference(environment.executor) {
                await withDiscardingTaskGroup { group in
                    for await question in questions {
                        group.addTask { await self.ask(answer, question) }
                    }
                }
            }
        } onCancel: {
            answererLeft(number)
        }
        answererLeft(number)
    }

    func nextNumber() -> Int {
        state.withLock { state in
            state.latestNumber += 1
            return state.latestNumber
        }
    }

    private func answererLeft(_ number: Int) {
        let effects = state.withLock { state -> [Effect] in
            guard let answerer = state.answerer, answerer.number == number else { return [] }
            state.answerer = nil
            return self.effects(of: .answererLeft, &state) + [{ answerer.questions.finish() }]
        }
        perform(effects)
    }

    func ask(_ id: QuestionID, _ notice: Notice, _ answerer: Answerer?) -> Effect {
        { [self] in
            if case .enqueued? = answerer?.questions.yield((id, notice)) { return }
            // The task of `answer` was cancelled in this instant.
            if let answerer { answererLeft(answerer.number) }
            handle(.notAsked(id))
        }
    }

    private func ask(
        _ answer: @Sendable (Notice) async -> Answer,
        _ question: Question
    ) async {
        let decision: Decision
        var followUp: Answer.FollowUp?
        switch await answer(question.notice).word {
        case .defer(let time, let reason): decision = .defer(time, because: reason)
        case .acknowledge(.some, _) where !question.notice.isFinal: decision = .could
        case .acknowledge(let prepare, let then):
            await prepare?()
            followUp = then
            decision = then == nil ? .could : .ready
        }
        handle(.decided(question.id, decision)) { $0.followUps[question.id] = followUp }
    }
}
