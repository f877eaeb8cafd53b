// SPDX-License-Identifier: Apache-2.0

// The processes of a component. Each that holds a subscription has a say of its own, and each whose
// connection the upstream ended a moment ago; all connections of one process have one.

extension Participant {
    /// What a process has said to the standing question. A consent is kept only where a component
    /// has several processes.
    package struct Voice: Hashable, Sendable {
        package enum Word: Hashable, Sendable {
            /// It said 0, and whether that was its final word.
            case ready(isFinal: Bool)
            /// It deferred, or came while another one did: before it counts it is asked again.
            case toBeAsked
            /// It has not answered in time: another process's consent is enough.
            case late
        }

        package var process: Int32
        package var word: Word
        package var at: Instant

        package init(process: Int32, word: Word, at instant: Instant) {
            self.process = process
            self.word = word
            at = instant
        }

        var isReady: Bool { if case .ready = word { true } else { false } }
        var isFinal: Bool { word == .ready(isFinal: true) }
    }

    /// What follows from a 0, or from the end of a subscription.
    enum Verdict {
        case stands
        /// Processes that deferred must be asked again: their deferrals are over.
        case mustAsk([StreamID])
        /// It could agree, and a subscription that acts on a final notice may not have had one.
        case couldFinally
    }

    /// Several processes have a say, or are awaited.
    var isOfSeveral: Bool {
        if returning != nil { return true }
        guard let first = subscribers.first?.process else { return false }
        return subscribers.contains { $0.process != first }
            || awayProcesses.contains { $0.process != first }
    }

    /// Whether a process acts only on a final notice. One without a subscription speaks for the
    /// component.
    func isConfirm(_ process: Int32) -> Bool {
        let isThere = isThere(process)
        return subscribers.contains { $0.confirm && (!isThere || $0.process == process) }
            || awayProcesses.contains { $0.confirm && (!isThere || $0.process == process) }
    }

    mutating func hear(_ word: Voice.Word, of process: Int32, at now: Instant) {
        let place = voices.firstIndex { $0.process >= process } ?? voices.count
        var voice = Voice(process: process, word: word, at: now)
        if place < voices.count, voices[place].process == process {
            let known = voices.remove(at: place)
            // A final word is not taken back by a later 0.
            if voice.isReady, known.isFinal { voice.word = known.word }
        }
        voices.insert(voice, at: place)
    }

    /// Takes a 0.
    mutating func consent(_ answer: Answer, at now: Instant) -> Verdict {
        let process = answer.process
        keepDeferral(of: answer.request.peer, process, until: nil, at: now)
        let isFinalWord = question.isFinal && answer.round == question.round
        // Any other 0 of a process that acts on `final` means "I could".
        if question.isFinal, isConfirm(process), !isFinalWord, state != .deferred {
            message = answer.message
            return state == .silent ? .couldFinally : .stands
        }
        let isSubscribed = isThere(process)
        let deferralEnd = deferralEnd(at: now)
        if isSubscribed, isOfSeveral || !voices.isEmpty || deferralEnd != nil {
            hear(.ready(isFinal: isFinalWord), of: process, at: now)
        }
        if let deferralEnd {
            // Another connection's deferral runs on, or one that no answer lifts.
            question.isAnswered = true
            if state == .deferred { until = deferralEnd }
            return .stands
        }
        message = answer.message
        guard isOfSeveral else {
            // A veto's yes counts only while it is subscribed.
            if isVeto, subscribers.isEmpty { return .stands }
            question.isAnswered = true
            voices = []
            hasFinalWord = hasFinalWord || isFinalWord
            return acknowledge(since: now, at: now)
        }
        // One without a subscription turns no silence of the others into consent.
        if state == .silent, !isSubscribed { return .stands }
        return conclude(at: now)
    }

    /// The subscriptions of those that have not said 0; nil for a component of one process.
    var unready: [StreamID]? {
        guard isOfSeveral else { return nil }
        let left = subscribers.filter { !isReady($0.process) }
        return left.isEmpty ? nil : left.map(\.stream)
    }

    /// Only processes that are away have still to answer: there is none to be asked.
    var owesOnlyAway: Bool {
        isOfSeveral && !noneAwayOwes && subscribers.allSatisfy { isReady($0.process) }
    }

    /// Its last deferral is over.
    mutating func endDeferrals(at now: Instant) -> Verdict {
        forgetDeferrals()
        return conclude(at: now)
    }

    /// Sees whether a component of several processes has answered.
    mutating func conclude(at now: Instant) -> Verdict {
        if state == .away { return .stands }
        if state == .deferred {
            let unasked = subscribers.filter { mustBeAsked($0.process) }
            if !unasked.isEmpty { return .mustAsk(unasked.map(\.stream)) }
        }
        if noneOwes, oldest != nil { return acknowledgeAll(at: now) }
        if state == .asked || state == .deferred, !noneOwes, question.answerBy > now {
            question.isAnswered = false
            enter(.asked, until: question.answerBy, at: now)
            return .stands
        }
        guard state == .deferred else { return fallSilent(at: now) }
        return oldest == nil ? remainUnanswered(at: now) : acknowledgeAll(at: now)
    }

    /// Nobody is left who has answered the question.
    private mutating func remainUnanswered(at now: Instant) -> Verdict {
        question.isAnswered = false
        enter(.silent, at: now)
        return .stands
    }

    /// Whoever has not answered has no time left, and counts no more.
    mutating func acknowledgeAll(at now: Instant) -> Verdict {
        let instant = oldest ?? now
        for subscriber in subscribers where voice(of: subscriber.process) == nil {
            hear(.late, of: subscriber.process, at: now)
        }
        for one in awayProcesses where !isReady(one.process) {
            hear(.late, of: one.process, at: now)
        }
        question.isAnswered = true
        hasFinalWord = hasFinalWord || isConfirm && allHaveActed
        return acknowledge(since: instant, at: now)
    }

    var oldest: Instant? { voices.lazy.filter(\.isReady).map(\.at).min() }

    private mutating func acknowledge(since instant: Instant, at now: Instant) -> Verdict {
        acknowledgedAt = instant
        enter(.acknowledged, at: now)
        return isConfirm && !hasFinalWord ? .couldFinally : .stands
    }

    /// The response time is over. A process that has not answered counts no more if another one
    /// has, unless it acts on a final notice and was sent one: then its word is needed.
    mutating func fallSilent(at now: Instant) -> Verdict {
        let isAnswered = isOfSeveral && oldest != nil
        if isAnswered, !question.isFinal || allHaveActed { return acknowledgeAll(at: now) }
        enter(.silent, at: now)
        return .stands
    }

    /// Subscriptions end. A process without one has no say any more.
    mutating func lose(_ hasEnded: (Subscriber) -> Bool, at now: Instant) -> Verdict {
        let leaving = subscribers.filter(hasEnded).map(\.process)
        subscribers.removeAll(where: hasEnded)
        if let owner = detachedOwner, leaving.contains(owner), !isThere(owner) {
            detachedOwner = nil
        }
        return forgetAbsent(at: now)
    }

    /// Processes are not waited for any longer.
    mutating func endAbsences(at now: Instant) -> Verdict {
        awayProcesses.removeAll { $0.until <= now }
        return forgetAbsent(at: now)
    }

    /// A process that is not there has no say any more.
    private mutating func forgetAbsent(at now: Instant) -> Verdict {
        voices = subscribers.isEmpty ? [] : voices.filter { isThere($0.process) }
        guard !voices.isEmpty, noneOwes else { return .stands }
        switch state {
        case .asked, .acknowledged:
            if let oldest, state == .acknowledged { acknowledgedAt = oldest }
            guard oldest == nil else { return state == .asked ? acknowledgeAll(at: now) : .stands }
            return remainUnanswered(at: now)
        case .absent, .deferred, .silent, .away, .gone, .overridden: return .stands
        }
    }

    func isReady(_ process: Int32) -> Bool { voice(of: process)?.isReady ?? false }

    private func voice(of process: Int32) -> Voice? { voices.first { $0.process == process } }

    private func mustBeAsked(_ process: Int32) -> Bool { voice(of: process)?.word == .toBeAsked }

    /// No process has still to answer the standing question.
    var noneOwes: Bool {
        returning == nil && subscribers.allSatisfy { hasAnswered($0.process) } && noneAwayOwes
    }

    private var noneAwayOwes: Bool { awayProcesses.allSatisfy { hasAnswered($0.process) } }

    private func hasAnswered(_ process: Int32) -> Bool {
        voice(of: process).map { $0.word != .toBeAsked } ?? false
    }

    /// Each process that acts only on a final notice has acted.
    private var allHaveActed: Bool {
        subscribers.allSatisfy { !$0.confirm || hasActed($0.process) }
            && awayProcesses.allSatisfy { !$0.confirm || hasActed($0.process) }
    }

    private func hasActed(_ process: Int32) -> Bool { voice(of: process)?.isFinal ?? false }

    /// Of several processes those that have not agreed, and are waited for.
    var blockingProcesses: [Int32] {
        guard state == .asked || state == .deferred, isOfSeveral else { return [] }
        let blocking = (subscribers.map(\.process) + awayProcesses.map(\.process)).filter {
            switch voice(of: $0)?.word {
            case .toBeAsked, nil: true
            case .ready, .late: false
            }
        }
        return Set(blocking).sorted()
    }

    func isThere(_ process: Int32) -> Bool {
        subscribers.contains { $0.process == process } || isAway(process)
    }

    private func isAway(_ process: Int32) -> Bool {
        awayProcesses.contains { $0.process == process }
    }

    /// A question is put to some subscriptions: the others' processes have answered it, if they had
    /// answered the last one.
    mutating func keepVoices(
        butOf streams: [StreamID]?,
        isFinal: Bool = false,
        at now: Instant
    ) {
        guard let streams, isOfSeveral else {
            voices = voices.filter { isAway($0.process) && !isAskedAway($0, isFinal) }
            return
        }
        let others = Set(subscribers.map(\.process) + awayProcesses.map(\.process)).subtracting(
            subscribers.lazy.filter { streams.contains($0.stream) }.map(\.process)
        )
        if state == .acknowledged {
            for process in others where voice(of: process) == nil {
                hear(.ready(isFinal: hasFinalWord), of: process, at: acknowledgedAt ?? now)
            }
        }
        voices = voices.filter { others.contains($0.process) && !isAskedAway($0, isFinal) }
    }

    /// Whether its process is asked without a notice. One that is away has to answer finally.
    private func isAskedAway(_ voice: Voice, _ isFinal: Bool) -> Bool {
        voice.word == .toBeAsked || isFinal && !voice.isFinal && isAway(voice.process)
    }

    /// Final words count no more: those who gave one go back to work.
    mutating func forgetFinalWords() {
        hasFinalWord = false
        for place in voices.indices where voices[place].isFinal {
            voices[place].word = .ready(isFinal: false)
        }
    }
}
