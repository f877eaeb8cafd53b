// SPDX-License-Identifier: Apache-2.0

// The gate: when it opens, and the final asking before it does.

extension Update {
    /// Decides whether the gate opens now. Called after whatever can have unblocked it.
    mutating func settle(_ turn: inout Turn) {
        guard isWaiting, unattendedUntil == nil else { return }
        if policy.onSilence == .refuse, derived.silences > 0 { return refuse(&turn) }
        guard derived.blockers == 0 else { return }
        if phase == .gathering {
            beginFinalAsking(&turn)
            return settle(&turn)
        }
        open(on: .consent, &turn)
    }

    /// Asks once more those who could: who acts only on the final notice, and whose
    /// acknowledgement is too old to be relied upon.
    private mutating func beginFinalAsking(_ turn: inout Turn) {
        let toAsk = toAskFinally(at: turn.now)
        phase = .finalAsking
        turn.changes.note(.update(id))
        for name in toAsk { ask(name, &turn) }
    }

    private func toAskFinally(at now: Instant) -> [ComponentName] {
        guard phase == .gathering else { return [] }
        let ttl = policy.acknowledgementTTL
        return names { participant in
            participant.state == .acknowledged && !participant.seats.isEmpty
                && (participant.isConfirm
                    || participant.acknowledgedAt.map { now - $0 > ttl } ?? false)
        }
    }

    /// A deferral ends the final asking: who may have acted on it is told to go back to work.
    mutating func endFinalAsking(_ turn: inout Turn) {
        let asked = askedFinally
        phase = .gathering
        askedFinally = []
        turn.changes.note(.update(id))
        for name in participants.names {
            let acted = with(name, &turn) { participant in
                participant.question.isFinal = false
                participant.hasFinalWord = false
                return participant.seats.filter { $0.confirm && asked.contains($0.stream) }
            }
            if !acted.isEmpty { sendBackToWork(name, seats: acted.map(\.stream), &turn) }
        }
    }

    private mutating func sendBackToWork(
        _ name: ComponentName,
        seats: [StreamID],
        _ turn: inout Turn
    ) {
        switch participants[name]?.state {
        case .deferred, .overridden:
            with(name, &turn) { $0.question.round += 1 }
            tell(name, seats: seats, &turn)
        default: ask(name, seats: seats, &turn)
        }
    }

    /// Opens the gate, on the given ground or on a stronger one that applies.
    mutating func open(on ground: Basis, _ turn: inout Turn) {
        let waited = turn.now - announced
        let release = release(on: ground, waited: waited, at: turn.now)
        phase = .released(release)
        askedFinally = []
        turn.changed(id)
        for coordinator in coordinators { turn.actions.append(.released(coordinator, release)) }
        coordinators = []
    }

    func release(on ground: Basis, waited: Duration, at instant: Instant) -> Release {
        let silent = names { $0.state.isSilence }
        let overridden = names { $0.state == .overridden }
        return Release(
            deploymentID: id,
            basis: max(
                ground,
                overridden.isEmpty ? .consent : .capped,
                silent.isEmpty ? .consent : .silence
            ),
            waited: waited,
            participants: participants.names,
            silent: silent,
            overridden: overridden,
            at: instant
        )
    }

    /// `onSilence` is `refuse`, and somebody is silent.
    private mutating func refuse(_ turn: inout Turn) {
        let silent = names { $0.state.isSilence }
        let withdrawal = Withdrawal(
            deploymentID: id,
            by: silent[0],
            reason: "no answer from \(silent.joined(separator: ", "))"
        )
        for coordinator in coordinators { turn.actions.append(.refused(coordinator, withdrawal)) }
        end(.refused(withdrawal), &turn)
    }

    mutating func cancel(_ withdrawal: Withdrawal, _ turn: inout Turn) {
        for coordinator in coordinators { turn.actions.append(.cancelled(coordinator, withdrawal)) }
        end(.cancelled(withdrawal), &turn)
    }

    mutating func end(_ ending: Ending, _ turn: inout Turn) {
        phase = .ended(ending)
        coordinators = []
        turn.changed(id)
    }
}

// MARK: - What opens it regardless

extension Update {
    /// Who owes an answer is silent, who holds a deferral is overridden. Who was only waited for
    /// after a death of ours has acknowledged.
    mutating func cut(_ name: ComponentName, _ turn: inout Turn) {
        let now = turn.now
        let deadline = deadline
        with(name, &turn) { participant in
            // A deferral that a cap cut ended with the cap, even where the timer comes late.
            let end = min(now, deadline, participant.budgetEnd ?? now)
            let holds =
                participant.state == .deferred
                || participant.lastWordEnd.map { $0 >= end } ?? false
            let isReady = participant.acknowledgedAt != nil || participant.isExcused
            participant.enter(holds ? .overridden : isReady ? .acknowledged : .silent, at: now)
        }
    }

    mutating func reachDeadline(_ turn: inout Turn) {
        let blockers = blockers
        // With no coordinator it passes unused. Then nobody may block, but whoever should be asked
        // finally no longer is.
        let isUsed = !blockers.isEmpty || !toAskFinally(at: turn.now).isEmpty
        for name in blockers { cut(name, &turn) }
        if policy.onSilence == .refuse, derived.silences > 0 { return refuse(&turn) }
        open(on: isUsed ? .deadline : .consent, &turn)
    }

    mutating func force(_ turn: inout Turn) {
        let blockers = blockers
        for name in blockers { lastCall(name, isFinal: true, respondBy: .zero, &turn) }
        for name in blockers { cut(name, &turn) }
        open(on: .forced, &turn)
    }
}
