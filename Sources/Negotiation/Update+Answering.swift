// SPDX-License-Identifier: Apache-2.0

// A component's answers.

extension Update {
    /// Takes an answer, or says why it cannot be taken.
    mutating func answer(_ answer: Answer, _ handling: inout Handling) -> Result<Grant, Refusal> {
        let name = answer.component
        let found = participants.place(of: name)
        guard let place = found, takesPart(at: place) else { return .failure(.notAsked(name, id)) }
        // A negative deferral must not be taken for consent.
        guard answer.deferral >= .zero else { return .failure(.notAsked(name, id)) }
        let isOverridden = participants.entries[place].state == .overridden
        if answer.deferral == .zero {
            if isWaiting, !isOverridden { acknowledge(answer, at: place, &handling) }
            return .success(
                Grant(
                    granted: .zero,
                    remaining: remaining(at: place, handling.now)
                )
            )
        }
        if let refusal = refusal(toDeferralOf: name, handling.settings, at: handling.now) {
            return .failure(refusal)
        }
        let hold = hold(at: place, handling.settings)
        let asked = max(answer.deferral, handling.settings.minimumDeferral, hold)
        // The grant holds to the instant and is reported in whole milliseconds: a deferral that its
        // budget or the deadline cuts must not end a fraction of a millisecond before that.
        let maxDefer = maxDefer(at: place, handling.settings)
        let left = participants.entries[place].budgetLeft(at: handling.now)
        let granted = min(asked, maxDefer, left, deadline - handling.now)
        deferUpdate(answer, granted: granted, held: min(hold, granted), at: place, &handling)
        return .success(
            Grant(
                granted: granted.inWholeMilliseconds,
                remaining: remaining(at: place, handling.now)
            )
        )
    }

    /// Why a component is granted nothing: less than the shortest time that can be told is left.
    func refusal(
        toDeferralOf name: ComponentName,
        _ settings: Settings,
        at now: Instant
    ) -> Refusal? {
        let least = Duration.milliseconds(1)
        guard isWaiting else { return .alreadyReleased(id) }
        guard deadline - now >= least else { return .deadlinePassed(id) }
        let place = participants.place(of: name)
        let isVeto = place.map { participants.entries[$0].isVeto } ?? isVeto(name, settings)
        guard isVeto || settings.maxDefer(of: name, policy) >= least else {
            return .deferralsForbidden(name, id)
        }
        let isOverridden = place.map { participants.entries[$0].state == .overridden } ?? false
        let budgetLeft =
            place.map { participants.entries[$0].budgetLeft(at: now) }
            ?? budgetLeft(toArriving: name, settings, at: now)
        return budgetLeft >= least && !isOverridden ? nil : .budgetSpent(name, id)
    }

    func waitsForAnswer(of name: ComponentName) -> Bool {
        isWaiting && participants.place(of: name).map { takesPart(at: $0) } ?? false
    }

    private func takesPart(at place: Int) -> Bool {
        switch participants.entries[place].state {
        // An answer to an earlier notice has no effect on an open gate, and is no error.
        case .absent, .gone: !isWaiting
        case .asked, .acknowledged, .deferred, .silent, .away, .overridden: true
        }
    }

    private mutating func acknowledge(
        _ answer: Answer,
        at place: Int,
        _ handling: inout Handling
    ) {
        let name = answer.component
        let now = handling.now
        let verdict = with(name, at: place, &handling) { $0.consent(answer, at: now) }
        follow(verdict, of: name, &handling)
        settle(&handling)
    }

    /// What a 0, or the end of a subscription, brings about for its component.
    mutating func follow(
        _ verdict: Participant.Verdict,
        of name: ComponentName,
        _ handling: inout Handling
    ) {
        switch verdict {
        case .stands: break
        case .mustAsk(let streams): ask(name, streams: streams, &handling)
        case .couldFinally:
            guard phase.isFinalAsking, let isVeto = participants[name]?.isVeto,
                isFinal(ofVeto: isVeto)
            else { return }
            askFinally(name, &handling)
        }
    }

    private mutating func deferUpdate(
        _ answer: Answer,
        granted: Duration,
        held: Duration,
        at place: Int,
        _ handling: inout Handling
    ) {
        let now = handling.now
        with(answer.component, at: place, &handling) { participant in
            participant.message = answer.message
            participant.deferrals += 1
            participant.lastDeferral = LastDeferral(granted: granted, message: answer.message)
            participant.question.isAnswered = true
            participant.hasFinalWord = false
            participant.acknowledgedAt = nil
            if participant.isThere(answer.process) {
                participant.hear(.toBeAsked, of: answer.process, at: now)
            }
            let end = now + granted
            participant.keepDeferral(of: answer.request.peer, answer.process, until: end, at: now)
            if held > .zero { participant.heldUntil = now + held }
            // An answer given while away is kept, and does not stop the grace.
            if participant.state != .away {
                participant.enter(.deferred, until: participant.deferralEnd(at: now), at: now)
            }
        }
        if phase.isFinalAsking || !askedFinally.isEmpty {
            interruptFinalAsking(by: answer.component, &handling)
        }
    }
}
