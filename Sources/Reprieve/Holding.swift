// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol
internal import ReprieveTransport
internal import Synchronization

/// Scopes while which no update may go ahead.
extension Desk {
    /// Returns the number of the scope, once every pending update waits for it.
    func hold(_ why: String) async throws -> Int {
        let (hold, questions) = state.withLock { state in
            state.latestHold += 1
            state.holds[state.latestHold] = why
            let questions = state.updates.values.map { known in
                question(known, why, &state)
            }
            return (state.latestHold, questions)
        }
        for question in questions where await !isGranted(question) {
            letGo(hold)
            throw UpdatesError.updateUnderway(question.id)
        }
        return hold
    }

    private struct Question: Sendable {
        let id: String
        let replies: Replies?
        /// What it means if the broker does not grant it.
        let isUnderwayIfRefused: Bool
        let isUnderwayIfUnknown: Bool
        let followUp: Answer.FollowUp?
    }

    private func question(_ known: Known, _ why: String, _ state: inout State) -> Question {
        let id = known.notice.deploymentID
        var followUp: Answer.FollowUp?
        var isFinal = false
        if case .ready(let then, let final) = known.stance { (followUp, isFinal) = (then, final) }
        return Question(
            id: id,
            replies: say(id, onItsBehalf, why, &state),
            isUnderwayIfRefused: known.isCurrent || known.isReady,
            isUnderwayIfUnknown: isFinal,
            followUp: followUp
        )
    }

    private func isGranted(_ question: Question) async -> Bool {
        do {
            guard let replies = question.replies else { return !question.isUnderwayIfUnknown }
            for try await _ in replies { break }
            state.withLock { state in
                guard state.updates[question.id]?.isReady ?? false else { return }
                state.updates[question.id]?.stance = .undecided
            }
            await question.followUp?(.postponed)
            return true
        } catch is ErrorShape {
            return !question.isUnderwayIfRefused
        } catch {
            return !question.isUnderwayIfUnknown
        }
    }

    func letGo(_ hold: Int) {
        state.withLock { state in
            state.holds[hold] = nil
            guard state.holds.isEmpty else { return }
            for (id, known) in state.updates where !known.isThinking && !known.isReady {
                decide(id, &state)
            }
        }
    }
}

extension Desk.State {
    /// Why an update must wait: what the latest scope says.
    var why: String? { holds.keys.max().flatMap { holds[$0] } }
}
