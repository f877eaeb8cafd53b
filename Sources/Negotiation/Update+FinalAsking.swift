// SPDX-License-Identifier: Apache-2.0

// The final asking: who is asked once more before the gate opens, and what ends it.

extension Update {
    /// Asks once more the components that act only on a final notice, and those whose
    /// acknowledgement is too old to be relied upon: vetoes first, the others only when those have
    /// agreed, so that none stops work to learn that a veto does not.
    mutating func askFinally(in part: Phase, _ handling: inout Handling) {
        phase = part
        let now = handling.now
        let oldest = now - policy.acknowledgementTTL
        for place in participants.places
        where participants.entries[place].isVeto == (part == .askingVetoes)
            && owesFinalWord(at: place, since: oldest)
        {
            ask(participants.names[place], &handling)
        }
    }

    /// Whether the gate, if it opened now, would not have asked everyone finally.
    mutating func leavesOutFinalAsking(at now: Instant) -> Bool {
        let oldest = now - policy.acknowledgementTTL
        return phase != .finalAsking
            && participants.places.contains { owesFinalWord(at: $0, since: oldest) }
    }

    /// Whether a question that is put to a participant now is a final one.
    func isFinal(ofVeto isVeto: Bool) -> Bool {
        phase == .finalAsking || isVeto && (phase == .askingVetoes || isEnding)
    }

    /// Whether a final question belongs to a final asking: near the deadline a veto's is final
    /// without one.
    var finalQuestionsAsk: Bool { phase.isFinalAsking || !isEnding }

    /// A deferral ends the final asking, unless it is the update's last one.
    mutating func interruptFinalAsking(by name: ComponentName, _ handling: inout Handling) {
        let isBreak = disturbsOthers(name)
        if isBreak, isLastFinalAsking(handling.settings) {
            phase = .gathering
            return sendBackToWork([name], &handling)
        }
        if isBreak {
            brokenFinalAskings += 1
            with(name, &handling) { $0.brokenFinalAskings += 1 }
        }
        endFinalAsking(&handling)
    }

    mutating func endFinalAsking(_ handling: inout Handling) {
        phase = .gathering
        sendBackToWork(participants.names, &handling)
        askedFinally = []
    }

    /// The least that a deferral is granted, and for which no answer lifts it: it breaks a final
    /// asking, and its component has broken others.
    func hold(at place: Int, _ settings: Settings) -> Duration {
        guard !isLastFinalAsking(settings), disturbsOthers(participants.names[place]) else {
            return .zero
        }
        return participants.entries[place].nextHold(responseTimeout: policy.responseTimeout)
    }

    /// Whether a deferral of the component sends another one back to work.
    private func disturbsOthers(_ name: ComponentName) -> Bool {
        guard !askedFinally.isEmpty else { return false }
        return participants.places.contains { place in
            participants.names[place] != name
                && participants.entries[place].subscribers.contains { hasActed($0) }
        }
    }

    /// So many were broken that no deferral ends this one.
    private func isLastFinalAsking(_ settings: Settings) -> Bool {
        brokenFinalAskings + 1 >= settings.maximumFinalAskings
    }

    private func hasActed(_ subscriber: Participant.Subscriber) -> Bool {
        subscriber.confirm && askedFinally.contains(subscriber.stream)
    }

    /// Components that may have acted on a final notice are sent one to go back to work.
    private mutating func sendBackToWork(_ names: [ComponentName], _ handling: inout Handling) {
        for name in names where !(isEnding && participants[name]?.isVeto ?? false) {
            let subscribers = participants[name]?.subscribers ?? []
            let acted = subscribers.filter { hasActed($0) }
            with(name, &handling) { participant in
                participant.question.isFinal = false
                participant.forgetFinalWords()
            }
            askedFinally.subtract(subscribers.map(\.stream))
            if !acted.isEmpty { sendBackToWork(name, streams: acted.map(\.stream), &handling) }
        }
    }

    private mutating func sendBackToWork(
        _ name: ComponentName,
        streams: [StreamID],
        _ handling: inout Handling
    ) {
        switch participants[name]?.state {
        case .deferred, .overridden: repeatInNextRound(name, streams, &handling)
        // A veto that did not answer is not asked again.
        case .silent where participants[name]?.isVeto == true:
            repeatInNextRound(name, streams, &handling)
        default: ask(name, streams: streams, &handling)
        }
    }

    private mutating func repeatInNextRound(
        _ name: ComponentName,
        _ streams: [StreamID],
        _ handling: inout Handling
    ) {
        with(name, &handling) { $0.question.round += 1 }
        tell(name, streams: streams, &handling)
    }

    /// A component that acts on `final` has said that it could. Its subscriptions are asked that
    /// were not, if one of them acts on `final`.
    mutating func askFinally(_ name: ComponentName, _ handling: inout Handling) {
        let unasked = participants[name]?.subscribers.filter { !askedFinally.contains($0.stream) }
        guard let unasked, unasked.contains(where: \.confirm) else { return }
        ask(name, streams: unasked.map(\.stream), isSecond: true, &handling)
    }
}

extension Participant {
    /// Whether it must be asked once more before the gate opens: it acts on a final notice, or its
    /// acknowledgement is older than the oldest one that counts.
    mutating func owesFinalWord(since oldest: Instant) -> Bool {
        guard state == .acknowledged, !subscribers.isEmpty else { return false }
        if isConfirm { return !hasFinalWord }
        return acknowledgedAt.map { $0 < oldest } ?? false
    }
}
