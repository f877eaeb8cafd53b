// SPDX-License-Identifier: Apache-2.0

// Components without whose yes no update goes ahead, and what refuses an update at its deadline.

extension Update {
    /// Whether a component that is no participant yet would be a veto. A shutdown cannot be
    /// refused: there it is a component like any other.
    func isVeto(_ name: ComponentName, _ settings: Settings) -> Bool {
        !request.isShutdown && settings.isVeto(name)
    }

    /// The longest that a component may block; nil for a veto.
    func budget(of name: ComponentName, _ settings: Settings) -> Duration? {
        isVeto(name, settings) ? nil : settings.budget(of: name, policy)
    }

    /// The most that one answer of a participant is granted.
    func maxDefer(at place: Int, _ settings: Settings) -> Duration {
        participants.entries[place].isVeto
            ? .unlimited : settings.maxDefer(of: participants.names[place], policy)
    }

    /// The last call of the deadline was given: a veto's questions are final from then on, and its
    /// final word stands to the end.
    var isEnding: Bool { deadlineLastCall == nil }

    /// Why the deadline refuses the update instead of opening its gate; nil if it opens.
    var refusalAtDeadline: Withdrawal? {
        if !request.isShutdown, let other = holders.underway.first {
            return Withdrawal(deploymentID: id, by: other, reason: "update \(other) is under way")
        }
        let blocking = blockedAtDeadline.map { [$0] } ?? blockingDeadline
        return blocking.isEmpty ? nil : .blocked(id, by: blocking)
    }

    /// The components that the deadline does not override: vetoes that have not said yes, and with
    /// `onDeadline` whoever blocks.
    var blockingDeadline: [ComponentName] {
        let refuses = policy.onDeadline == .refuse && !request.isShutdown
        return names { $0.isVeto ? !$0.agrees : refuses && $0.blocks }
    }

    /// A last call of the deadline is a veto's final question, in a round of its own: it can say
    /// yes although others block to the end.
    mutating func askVetoFinally(_ name: ComponentName, _ handling: inout Handling) {
        guard let participant = participants[name], participant.isVeto,
            !participant.subscribers.isEmpty
        else { return }
        with(name, &handling) { participant in
            participant.question.round += 1
            participant.question.isFinal = true
        }
    }

    /// A veto's silence ends the final asking as its deferral would. One that has no time to
    /// answer is told, not asked: its silence says nothing.
    mutating func noteSilence(_ handling: inout Handling) {
        let hasTime = policy.responseTimeout > .zero && deadline > handling.now
        guard phase.isFinalAsking, summary.silentBlockers > 0, hasTime else { return }
        let silent = names { $0.isVeto && $0.state.isSilence }
        if let first = silent.first { interruptFinalAsking(by: first, &handling) }
    }
}

extension Participant {
    /// It has said yes, and where it acts on a final notice, finally.
    var agrees: Bool { state == .acknowledged && (hasFinalWord || !isConfirm) }

    /// A veto's yes counts only while it is there.
    mutating func withdrawConsent() {
        acknowledgedAt = nil
        hasFinalWord = false
    }
}

extension Withdrawal {
    fileprivate static func blocked(_ id: DeploymentID, by names: [ComponentName]) -> Withdrawal {
        Withdrawal(
            deploymentID: id,
            by: names[0],
            reason: "not agreed to by \(Update.listed(names)) at the deadline"
        )
    }
}
