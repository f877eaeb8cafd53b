// SPDX-License-Identifier: Apache-2.0

/// One component in one update's negotiation.
///
///                      subscribes
///      absent ───────────────────────► asked ◄──────────── acknowledged
///        │                          ▲  │  │ │   final asking,    ▲
///        │        granted time over │  │  │ │   new subscription │
///        │                          │  │  │ └────────────────────┘ answers 0
///        │                     deferred◄──┘ answers d > 0 (from any state but
///        │                       │  │  │      absent, gone, overridden)
///        │      no answer in time│  │  └─ budget, deadline, force ──► overridden
///        └─────────► silent ◄────┼──┘
///                                ▼ last subscription ends (also from asked)
///                              away ── grace over ──► gone
///
/// `away` and `gone` return by a subscription: to `deferred` while a deferral runs, else to
/// `asked`.
package struct Participant: Hashable, Sendable {
    package typealias State = ParticipantState

    /// What the component was last asked. A question is answered once; what is said later counts
    /// too, but does not make it a new question.
    struct Question: Hashable, Sendable {
        var round: Int64 = 0
        /// The end of the response time, which nothing restarts.
        var answerBy: Instant
        var isFinal = false
        var isAnswered = false
    }

    /// A live subscription that the update concerns.
    struct Seat: Hashable, Sendable {
        var stream: StreamID
        var confirm: Bool
        var process: Int32
    }

    package internal(set) var state: State
    package internal(set) var since: Instant
    /// When the state ends by itself: `absent`, `asked`, `deferred`, `away` do.
    package var until: Instant?

    var question: Question
    var seats: [Seat] = []
    /// Was sent a notice, and so gets the post.
    var isTold = false
    /// When it acknowledged; nil once that no longer stands.
    var acknowledgedAt: Instant?
    /// It sits in a coordinator's process: when its question or its deferral ends, nobody is
    /// left to be asked.
    var isExcused = false
    /// It has said 0 to the final notice: it acted.
    var hasFinalWord = false

    /// Running deferrals by the connection that asked for them, and the one that belongs to the
    /// component since its connection closed.
    var words: [PeerID: Instant] = [:]
    var orphanedWord: Instant?

    package var message: String?
    package var deferrals = 0
    package var lastDeferral: LastDeferral?

    /// The most time that it may block the update, all in all.
    var budget: Duration
    var blockedBefore: Duration = .zero
    var blockedFrom: Instant?
    var lastCallLead: Duration
    var hadLastCall = false

    init(_ state: State, at now: Instant, until: Instant?, policy: Policy, budget: Duration) {
        self.state = state
        self.since = now
        self.until = until
        self.question = Question(answerBy: now + policy.responseTimeout)
        self.budget = budget
        self.lastCallLead = min(policy.responseTimeout, budget / 2)
        self.blockedFrom = state.blocks ? now : nil
    }
}

extension ParticipantState {
    package var blocks: Bool {
        switch self {
        case .absent, .asked, .deferred, .away: true
        case .acknowledged, .silent, .gone, .overridden: false
        }
    }

    /// Gave no answer in time: what `onSilence` is about.
    package var isSilence: Bool {
        self == .silent || self == .gone
    }
}

// MARK: - Entering a state

extension Participant {
    /// The only way from one state to the next. Keeps the account of the time blocked.
    mutating func enter(_ next: State, until end: Instant? = nil, at now: Instant) {
        if next.blocks, blockedFrom == nil {
            blockedFrom = now
        } else if !next.blocks, let from = blockedFrom {
            blockedBefore = min(blockedBefore + (now - from), budget)
            blockedFrom = nil
        }
        if next != state { since = now }
        state = next
        until = end
    }

    package var blocks: Bool { state.blocks }

    /// How often it was asked anew. 0: it was never there.
    package var rounds: Int64 { question.round }

    /// Nobody has come by its name yet: it is only waited for.
    var isPlaceholder: Bool { question.round == 0 && seats.isEmpty }

    var isConfirm: Bool { seats.contains { $0.confirm } }
}

// MARK: - What a status shows

extension Participant {
    struct Shown: Equatable {
        var state: State
        var since: Instant
        var until: Instant?
        var message: String?
        var deferrals: Int
        var budget: Duration
    }

    /// While this is the same, so is the status.
    var shown: Shown {
        Shown(
            state: state,
            since: since,
            until: until,
            message: message,
            deferrals: deferrals,
            budget: budget
        )
    }
}

// MARK: - Budget

extension Participant {
    package func blocked(at now: Instant) -> Duration {
        guard let blockedFrom else { return blockedBefore }
        return min(blockedBefore + (now - blockedFrom), budget)
    }

    package func budgetLeft(at now: Instant) -> Duration {
        budget - blocked(at: now)
    }

    /// When the budget ends if the component goes on blocking; nil while it does not block.
    var budgetEnd: Instant? {
        blockedFrom.map { $0 + (budget - blockedBefore) }
    }

    /// The same with a smaller budget, where another name's rule says so.
    func limited(to budget: Duration) -> Participant {
        var participant = self
        participant.budget = min(budget, self.budget)
        participant.lastCallLead = min(lastCallLead, participant.budget / 2)
        return participant
    }

    /// A budget that ended while the device slept ends a response time after waking instead.
    mutating func extendBudget(to end: Instant, at now: Instant) {
        guard let budgetEnd else { return }
        budget += end - budgetEnd
        lastCallLead = end - now
        hadLastCall = false
    }

    /// When the last call of its budget is due. Only who can hear it gets one, and none where the
    /// deadline comes first.
    func lastCallDue(deadline: Instant) -> Instant? {
        guard !hadLastCall, state == .asked || state == .deferred, !seats.isEmpty,
            let budgetEnd, budgetEnd < deadline, let blockedFrom
        else { return nil }
        return max(blockedFrom, budgetEnd - lastCallLead)
    }

    /// The next instant at which something happens to this participant by itself.
    func nextDeadline(before deadline: Instant) -> Instant? {
        earliest(earliest(until, budgetEnd), lastCallDue(deadline: deadline))
    }
}

// MARK: - Words

extension Participant {
    /// When the last running deferral ends; nil when none runs.
    func deferralEnd(at now: Instant) -> Instant? {
        lastWordEnd.flatMap { $0 > now ? $0 : nil }
    }

    var lastWordEnd: Instant? {
        words.isEmpty ? orphanedWord : words.values.reduce(orphanedWord) { max($0 ?? $1, $1) }
    }

    /// A new word takes the place of the connection's old one and of a closed connection's.
    mutating func keepWord(of peer: PeerID, until end: Instant?, at now: Instant) {
        orphanedWord = nil
        if end == nil, words.isEmpty { return }
        words[peer] = end
        if !words.isEmpty { words = words.filter { $0.value > now } }
    }

    /// A connection closed: its running deferral is the component's from now on.
    mutating func orphanWord(of peer: PeerID) {
        guard let word = words.removeValue(forKey: peer) else { return }
        orphanedWord = max(orphanedWord ?? word, word)
    }

    mutating func orphanAllWords() {
        for peer in Array(words.keys) { orphanWord(of: peer) }
    }

    mutating func forgetWords() {
        words = [:]
        orphanedWord = nil
    }
}
