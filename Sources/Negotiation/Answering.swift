// SPDX-License-Identifier: Apache-2.0

// What a component's word is worth.

extension Update {
    /// Takes an answer, or says why it is none.
    mutating func answer(_ answer: Answer, _ turn: inout Turn) -> Result<Grant, Refusal> {
        let name = answer.component
        guard let participant = participants[name], participant.state != .absent,
            participant.state != .gone
        else { return .failure(.notAsked(name, id)) }
        // A negative deferral is no answer: taken for consent it would be a hole.
        guard answer.deferral >= .zero else { return .failure(.notAsked(name, id)) }
        let left = participant.budgetLeft(at: turn.now)
        if answer.deferral == .zero {
            if isWaiting, participant.state != .overridden { acknowledge(answer, &turn) }
            return .success(Grant(granted: .zero, remaining: remaining(name, at: turn.now)))
        }
        guard isWaiting else { return .failure(.alreadyReleased(id)) }
        guard deadline - turn.now >= .milliseconds(1) else { return .failure(.deadlinePassed(id)) }
        guard left >= .milliseconds(1), participant.state != .overridden else {
            return .failure(.budgetSpent(name, id))
        }
        let asked = max(answer.deferral, turn.settings.minimumDeferral)
        // Held to the instant, said in whole milliseconds: a deferral cut by its budget or by the
        // deadline must not end the fraction of a millisecond before it, and be asked once more.
        let maxDefer = turn.settings.maxDefer(of: name, policy)
        let granted = min(asked, maxDefer, left, deadline - turn.now)
        deferUpdate(answer, granted: granted, &turn)
        return .success(
            Grant(
                granted: granted.inWholeMilliseconds,
                remaining: remaining(name, at: turn.now)
            )
        )
    }

    /// The budget left once what runs has run out.
    private func remaining(_ name: ComponentName, at now: Instant) -> Duration {
        guard let participant = participants[name] else { return .zero }
        let running = participant.deferralEnd(at: now).map { $0 - now } ?? .zero
        return max(.zero, participant.budgetLeft(at: now) - running)
    }

    private mutating func acknowledge(_ answer: Answer, _ turn: inout Turn) {
        let name = answer.component
        let now = turn.now
        let isOutsideFinal = with(name, &turn) { participant in
            participant.message = answer.message
            participant.keepWord(of: answer.request.peer, until: nil, at: now)
            let isFinalWord =
                participant.question.isFinal
                && answer.round == participant.question.round
            // To a component that acts on `final`, any other 0 means "I could".
            if participant.question.isFinal, participant.isConfirm, !isFinalWord { return false }
            participant.question.isAnswered = true
            if let end = participant.deferralEnd(at: now) {
                // Another connection's deferral runs on.
                if participant.state == .deferred { participant.until = end }
                return false
            }
            participant.acknowledgedAt = now
            participant.hasFinalWord = participant.hasFinalWord || isFinalWord
            participant.enter(.acknowledged, at: now)
            return participant.isConfirm && !participant.hasFinalWord
        }
        if isOutsideFinal, phase == .finalAsking { askFinally(name, &turn) }
        settle(&turn)
    }

    /// A component that acts on `final` has acknowledged without having been asked finally.
    private mutating func askFinally(_ name: ComponentName, _ turn: inout Turn) {
        let seats = participants[name]?.seats.map(\.stream).filter { !askedFinally.contains($0) }
        if let seats, !seats.isEmpty { ask(name, seats: seats, &turn) }
    }

    private mutating func deferUpdate(_ answer: Answer, granted: Duration, _ turn: inout Turn) {
        let now = turn.now
        with(answer.component, &turn) { participant in
            participant.message = answer.message
            participant.deferrals += 1
            participant.lastDeferral = LastDeferral(granted: granted, message: answer.message)
            participant.question.isAnswered = true
            participant.hasFinalWord = false
            participant.acknowledgedAt = nil
            participant.keepWord(of: answer.request.peer, until: now + granted, at: now)
            // What is said while away is kept, and does not stop the grace.
            if participant.state != .away {
                participant.enter(.deferred, until: participant.deferralEnd(at: now), at: now)
            }
        }
        if phase == .finalAsking { endFinalAsking(&turn) }
    }
}
