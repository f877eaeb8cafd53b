// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import ReprieveProtocol
internal import Synchronization

/// What is answered to a notice.
extension Desk {
    func receive(_ event: PreUpdateEvent) {
        state.withLock { state in
            let stance = state.updates[event.deploymentID]?.stance ?? .undecided
            state.updates[event.deploymentID] = Known(notice: event, stance: stance)
            if event.lastCall, let why = state.why {
                logger.warning("the update \(event.deploymentID) goes ahead soon, despite: \(why)")
            }
            decide(event.deploymentID, &state)
        }
    }

    func answer(with answerer: Answerer?) {
        state.withLock { state in
            state.answerer = answerer
            for (id, known) in state.updates where answerer != nil && !known.isThinking {
                decide(id, &state)
            }
        }
    }

    func decide(_ id: String, _ state: inout State) {
        guard let known = state.updates[id] else { return }
        if let why = state.why { return deferUpdate(id, onItsBehalf, why, &state) }
        switch known.stance {
        case .tooLate: break
        case .thinking: deferUpdate(id, onItsBehalf, "still deciding", &state)
        case .ready(let followUp?, isFinal: true) where !known.notice.isFinal:
            // Another component deferred in the final asking.
            think(id, after: followUp, &state)
        case .ready(_?, _): acknowledge(id, &state)
        case .undecided, .ready: think(id, after: nil, &state)
        }
    }

    private func think(_ id: String, after followUp: Answer.FollowUp?, _ state: inout State) {
        guard let answerer = state.answerer, let known = state.updates[id] else {
            state.updates[id]?.stance = .ready(nil, isFinal: false)
            return acknowledge(id, &state)
        }
        let notice = Notice(known.notice)
        state.updates[id]?.stance = .thinking(notice)
        begin { [self] in
            await followUp?(.postponed)
            let covering = Task { try await cover(id, for: notice) }
            let answer = await answerer(notice)
            covering.cancel()
            await take(answer, to: notice)
        }
    }

    /// Defers in the name of an answerer that takes long.
    private func cover(_ id: String, for notice: Notice) async throws {
        try await Task.sleep(for: min(notice.respondBy ?? onItsBehalf, onItsBehalf) / 2)
        state.withLock { state in
            guard !Task.isCancelled, state.updates[id]?.isThinking ?? false else { return }
            deferUpdate(id, onItsBehalf, "still deciding", &state)
        }
    }

    private func take(_ answer: Answer, to notice: Notice) async {
        let id = notice.deploymentID
        guard case .acknowledge(let followUp) = answer.word else {
            return state.withLock { putOff(id, answer, &$0) }
        }
        let over = state.withLock { state -> Outcome? in
            guard let known = state.updates[id] else { return .unknown }
            if case .tooLate(let outcome) = known.stance {
                state.updates[id] = nil
                return outcome
            }
            state.updates[id]?.stance = .undecided
            if let why = state.why {
                deferUpdate(id, onItsBehalf, why, &state)
                return .postponed
            }
            if followUp == nil, known.notice.isFinal, !notice.isFinal {
                think(id, after: nil, &state)
            } else {
                state.updates[id]?.stance = .ready(followUp, isFinal: false)
                acknowledge(id, &state)
            }
            return nil
        }
        if let over { await followUp?(over) }
    }

    private func putOff(_ id: String, _ answer: Answer, _ state: inout State) {
        guard case .defer(let time, let why) = answer.word, let known = state.updates[id] else {
            return
        }
        if case .tooLate = known.stance {
            state.updates[id] = nil
        } else {
            state.updates[id]?.stance = .undecided
            deferUpdate(id, time, why, &state)
        }
    }

    /// The update is over.
    func end(_ id: String, _ outcome: Outcome) {
        state.withLock { state in
            guard let known = state.updates[id] else { return }
            if known.isThinking {
                state.updates[id]?.stance = .tooLate(outcome)
                return
            }
            state.updates[id] = nil
            if case .ready(let followUp?, _) = known.stance { begin { await followUp(outcome) } }
        }
    }
}
