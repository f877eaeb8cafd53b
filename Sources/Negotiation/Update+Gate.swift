// SPDX-License-Identifier: Apache-2.0

// The gate: when it opens, and on what basis.

extension Update {
    /// Decides whether the gate opens now. To be called after everything that can unblock it.
    mutating func settle(_ handling: inout Handling) {
        noteSilence(&handling)
        guard isWaiting, unattendedUntil == nil else { return }
        let missing = missing(handling.settings)
        if !missing.isEmpty { return refuse(because: missing, &handling) }
        guard summary.blockers == 0, holders.isEmpty else { return }
        switch phase {
        case .gathering: askFinally(in: .askingVetoes, &handling)
        case .askingVetoes: askFinally(in: .finalAsking, &handling)
        case .finalAsking, .released, .ended: return open(on: .consent, &handling)
        }
        settle(&handling)
    }

    /// Opens the gate, on the given ground or on a stronger one that applies.
    mutating func open(on ground: Basis, _ handling: inout Handling) {
        let now = handling.now
        let isCapped = !components(inState: { $0 == .overridden }).isEmpty
        let isSilent = summary.silences > 0
        let isLate = deadline <= now && (isCapped || isSilent)
        let basis = max(
            ground,
            isLate ? .deadline : isCapped ? .capped : isSilent ? .silence : .consent
        )
        phase = .released(Opening(basis: basis, waited: now - announced, at: now))
        askedFinally = []
        holders = Claims()
        handling.show(id)
        let maker = coordinators.first
        if let release {
            for coordinator in coordinators {
                let isJoined = coordinator != maker
                handling.send(.released(coordinator.stream, isJoined ? release.joined : release))
            }
        }
        coordinators = coordinators.filter { $0 == maker }
    }

    /// The participants for which the policy refuses the update: with `onSilence` those that gave
    /// no answer in time, with `onAbsence` those that are required and not there.
    private func missing(_ settings: Settings) -> [ComponentName] {
        guard summary.silences > 0 else { return [] }
        if policy.onSilence == .refuse { return names { $0.state.isSilence && !$0.blocks } }
        guard policy.onAbsence == .refuse else { return [] }
        return names { $0.isMissing && !$0.blocks }.filter { isRequired($0, settings) }
    }

    private func isRequired(_ name: ComponentName, _ settings: Settings) -> Bool {
        let ruled = settings.required(byShutdown: request.isShutdown)
        return settings.meets(anyOf: requested.required, name)
            || ruled.contains { settings.meets($0, name) }
    }

    private mutating func refuse(because missing: [ComponentName], _ handling: inout Handling) {
        let reason = "no answer from " + Self.listed(missing)
        refuse(Withdrawal(deploymentID: id, by: missing[0], reason: reason), &handling)
    }

    private mutating func refuse(_ withdrawal: Withdrawal, _ handling: inout Handling) {
        for coordinator in coordinators { handling.send(.refused(coordinator.stream, withdrawal)) }
        end(.refused(withdrawal), &handling)
    }

    /// The first names: each component that is owed the outcome keeps the text.
    static func listed(_ names: [ComponentName]) -> String {
        let first = names.prefix(5).joined(separator: ", ")
        return names.count > 5 ? first + " and \(names.count - 5) more" : first
    }

    mutating func cancel(_ withdrawal: Withdrawal, _ handling: inout Handling) {
        for coordinator in coordinators {
            handling.send(.cancelled(coordinator.stream, withdrawal))
        }
        end(.cancelled(withdrawal), &handling)
    }

    mutating func end(_ ending: Ending, _ handling: inout Handling) {
        phase = .ended(Ended(ending, at: handling.now))
        coordinators = []
        handling.show(id)
    }
}

// MARK: - What opens it regardless

extension Update {
    /// A participant that still owes an answer becomes `silent`, one with a running deferral
    /// `overridden`. One that had acknowledged before the broker died becomes `acknowledged` again.
    mutating func cut(_ name: ComponentName, _ handling: inout Handling) {
        let now = handling.now
        let deadline = deadline
        with(name, &handling) { participant in
            // A deferral that a cap cut ended with the cap, even where the timer comes late.
            let end = min(now, deadline, participant.budgetEnd ?? now)
            let holds =
                participant.state == .deferred
                || participant.lastDeferralEnd.map { $0 >= end } ?? false
            let isReady = participant.acknowledgedAt != nil || participant.isExcused
            let isGone = participant.state == .gone
            participant.forgetDeferrals()
            participant.isVeto = false
            participant.enter(
                holds ? .overridden : isReady ? .acknowledged : isGone ? .gone : .silent,
                at: now
            )
        }
    }

    mutating func reachDeadline(_ handling: inout Handling) {
        if let refusal = refusalAtDeadline { return refuse(refusal, &handling) }
        // The final asking, or the end of another update, is left out. That counts as the
        // deadline's doing.
        let isUsed = leavesOutFinalAsking(at: handling.now) || !holders.isEmpty
        for name in blockers { cut(name, &handling) }
        let missing = missing(handling.settings)
        if !missing.isEmpty { return refuse(because: missing, &handling) }
        open(on: isUsed ? .deadline : .consent, &handling)
    }

    mutating func force(_ handling: inout Handling) {
        let blockers = blockers
        for name in blockers { lastCall(name, isFinal: true, respondBy: .zero, &handling) }
        for name in blockers { cut(name, &handling) }
        open(on: .forced, &handling)
    }
}
