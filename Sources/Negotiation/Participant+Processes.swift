// SPDX-License-Identifier: Apache-2.0

// The processes of a component. Each that holds a subscription has a say of its own; all
// connections of one process have one.

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

    /// Several processes hold subscriptions.
    var isOfSeveral: Bool {
        guard let first = subscribers.first?.process else { return false }
        return subscribers.contains { $0.process != first }
    }

    /// Whether a process acts only on a final notice. One without a subscription speaks for the
    /// component.
    func isConfirm(_ process: Int32) -> Bool {
        let isThere = isThere(process)
        return subscribers.contains { $0.confirm && (!isThere || $0.process == process) }
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
        if isSubscribed, isOfSeveral || !voices.isEmpty {
            hear(.ready(isFinal: isFinalWord), of: process, at: now)
        }
        if let end = deferralEnd(at: now) {
            // Another connection's deferral runs on, or one that no answer lifts.
            question.isAnswered = true
            if state == .deferred { until = end }
            return .stands
        }
        message = answer.message
        guard isOfSeveral else {
            question.isAnswered = true
            // A veto's yes counts only while it is subscribed.
            if isVeto, subscribers.isEmpty { return .stands }
            voices = []
            hasFinalWord = hasFinalWord || isFinalWord
            return acknowledge(since: now, at: now)
        }
        return conclude(at: now)
    }

    /// The subscriptions of those that have not said 0; nil for a component of one process.
    var unready: [StreamID]? {
        guard isOfSeveral else { return nil }
        let left = subscribers.filter { !(voice(of: $0.process)?.isReady ?? false) }
        return left.isEmpty ? nil : left.map(\.stream)
    }

    /// Sees whether a component of several processes has answered.
    mutating func conclude(at now: Instant) -> Verdict {
        if state == .deferred {
            let unasked = subscribers.filter { mustBeAsked($0.process) }
            if !unasked.isEmpty { return .mustAsk(unasked.map(\.stream)) }
        }
        if noneOwes { return acknowledgeAll(at: now) }
        if state == .asked || state == .deferred, question.answerBy > now {
            question.isAnswered = false
            enter(.asked, until: question.answerBy, at: now)
            return .stands
        }
        return state == .deferred ? acknowledgeAll(at: now) : fallSilent(at: now)
    }

    /// Whoever has not answered has no time left, and counts no more.
    private mutating func acknowledgeAll(at now: Instant) -> Verdict {
        let instant = oldest ?? now
        for subscriber in subscribers where voice(of: subscriber.process) == nil {
            hear(.late, of: subscriber.process, at: now)
        }
        question.isAnswered = true
        hasFinalWord = hasFinalWord || isConfirm && allHaveActed
        return acknowledge(since: instant, at: now)
    }

    private var oldest: Instant? { voices.lazy.filter(\.isReady).map(\.at).min() }

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
        let left = subscribers
        if let owner = detachedOwner, leaving.contains(owner), !isThere(owner) {
            detachedOwner = nil
        }
        voices.removeAll { voice in !left.contains { $0.process == voice.process } }
        guard !voices.isEmpty, noneOwes else { return .stands }
        switch state {
        case .asked, .acknowledged:
            if let oldest, state == .acknowledged { acknowledgedAt = oldest }
            guard oldest == nil else { return state == .asked ? acknowledgeAll(at: now) : .stands }
            // Nobody is left who has answered the question.
            question.isAnswered = false
            enter(.silent, at: now)
            return .stands
        case .absent, .deferred, .silent, .away, .gone, .overridden: return .stands
        }
    }

    private func voice(of process: Int32) -> Voice? { voices.first { $0.process == process } }

    private func mustBeAsked(_ process: Int32) -> Bool { voice(of: process)?.word == .toBeAsked }

    /// No process that holds a subscription has still to answer the standing question.
    private var noneOwes: Bool {
        subscribers.allSatisfy { one in
            voice(of: one.process).map { $0.word != .toBeAsked } ?? false
        }
    }

    /// Each process that acts only on a final notice has acted.
    private var allHaveActed: Bool {
        subscribers.allSatisfy { !$0.confirm || voice(of: $0.process)?.isFinal ?? false }
    }

    func isThere(_ process: Int32) -> Bool {
        subscribers.contains { $0.process == process }
    }

    /// A question is put to some subscriptions: the others' processes have answered it, if they had
    /// answered the last one.
    mutating func keepVoices(butOf streams: [StreamID]?, at now: Instant) {
        guard let streams, isOfSeveral else {
            voices = []
            return
        }
        let others = Set(subscribers.map(\.process)).subtracting(
            subscribers.lazy.filter { streams.contains($0.stream) }.map(\.process)
        )
        if state == .acknowledged {
            for process in others where voice(of: process) == nil {
                hear(.ready(isFinal: hasFinalWord), of: process, at: acknowledgedAt ?? now)
            }
        }
        voices.removeAll { $0.word == .toBeAsked || !others.contains($0.process) }
    }

    /// Final words count no more: those who gave one go back to work.
    mutating func forgetFinalWords() {
        hasFinalWord = false
        for place in voices.indices where voices[place].isFinal {
            voices[place].word = .ready(isFinal: false)
        }
    }
}
