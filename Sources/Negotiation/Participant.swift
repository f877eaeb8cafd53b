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

    /// What the component was last asked. A question is answered once; a later answer counts too,
    /// but does not make it a new question.
    package struct Question: Hashable, Sendable {
        package var round: Int64 = 0
        /// The end of the response time. Nothing restarts it; a lost connection prolongs it once.
        package var answerBy: Instant
        package var isProlonged = false
        package var isFinal = false
        package var isAnswered = false
    }

    /// A live subscription that the update concerns.
    package struct Subscriber: Hashable, Sendable {
        package var stream: StreamID
        var confirm: Bool
        var process: Int32
    }

    /// Without its yes the update does not go ahead.
    package var isVeto = false
    package var state: State
    package var since: Instant
    /// When the state ends by itself: `absent`, `asked`, `deferred`, `away` do.
    package var until: Instant?

    package var question: Question
    /// It was sent a notice, and so gets the post.
    package var isTold = false
    /// When it acknowledged; nil once that no longer stands.
    package var acknowledgedAt: Instant?
    /// Its last subscription belongs to a coordinator's process: when its question or its deferral
    /// ends, it is not asked again.
    package var isExcused = false
    /// It has said 0 to the final notice: it acted.
    package var hasFinalWord = false

    package var message: String?
    package var deferrals = 0
    package var lastDeferral: LastDeferral?
    /// How many final askings its deferrals broke, so that others were sent back to work.
    package var brokenFinalAskings = 0
    /// The end of the last deferral that did. No answer lifts it before.
    package var heldUntil: Instant?

    /// The most time that it may block the update, all in all.
    package var budget: Duration
    package var blockedBefore: Duration = .zero
    package var blockedFrom: Instant?
    package var lastCallLead: Duration
    package var hadLastCall = false

    package internal(set) var subscribers: [Subscriber] = []
    /// Its processes whose connections the upstream ended a moment ago.
    package var awayProcesses: [AwayProcess] = []
    /// Ends of deferrals by the connection that asked for them.
    package var deferralsByPeer: [PeerID: Instant] = [:]
    /// The end of a deferral whose connection closed: it is the component's from then on.
    package var detachedDeferral: Instant?
    /// The one process that lifts it, where the broker died and lost the connection.
    package var detachedOwner: Int32?
    /// What processes have said, where there are several.
    package var voices: [Voice] = []
    /// The processes that are awaited after a death of the broker.
    package var returning: Returning?
    /// What was written down of its connections, until it is known which of them are there.
    package var restoredWords: ConnectionWords?

    /// A participant to be filled from what was written down of it.
    package init(_ state: State, since: Instant, answerBy: Instant) {
        self.state = state
        self.since = since
        question = Question(answerBy: answerBy)
        budget = .zero
        lastCallLead = .zero
    }

    /// One with a budget of nil is a veto.
    init(_ state: State, at now: Instant, until: Instant?, policy: Policy, budget: Duration?) {
        self.init(state, since: now, answerBy: now + policy.responseTimeout)
        self.until = until
        isVeto = budget == nil
        self.budget = budget ?? .unlimited
        // Half of it costs a division of 128 bits.
        let isLong = self.budget >= policy.responseTimeout + policy.responseTimeout
        lastCallLead = isLong ? policy.responseTimeout : self.budget / 2
        blockedFrom = blocks ? now : nil
    }

    /// What was written down of its connections. They count as lost, but for those that outlived
    /// the broker: `restarted` follows, and asks who acts on a final notice.
    package mutating func restore(
        isConfirm: Bool,
        deferralEnd: Instant?,
        deferrer: Int32?,
        processes: Int
    ) {
        let lost = StreamID(PeerID(0), 0)
        subscribers = isConfirm ? [Subscriber(stream: lost, confirm: true, process: 0)] : []
        deferralsByPeer = [:]
        detachedDeferral = deferralEnd
        detachedOwner = deferrer
        voices = []
        returning = processes > 1 ? Returning(processes: processes, until: since) : nil
    }
}

extension ParticipantState {
    package var blocks: Bool {
        switch self {
        case .absent, .asked, .deferred, .away: true
        case .acknowledged, .silent, .gone, .overridden: false
        }
    }

    /// It gave no answer in time: `onSilence` decides what follows.
    package var isSilence: Bool {
        self == .silent || self == .gone
    }
}

// MARK: - Entering a state

extension Participant {
    /// The only way from one state to the next. Keeps account of the time blocked.
    mutating func enter(_ next: State, until end: Instant? = nil, at now: Instant) {
        if next != state { since = now }
        state = next
        until = end
        if !next.blocks { returning = nil }
        if blocks, blockedFrom == nil {
            blockedFrom = now
        } else if !blocks, let from = blockedFrom {
            blockedBefore = min(blockedBefore + (now - from), budget)
            blockedFrom = nil
        }
    }

    /// The silence of a veto blocks, too.
    package var blocks: Bool { state.blocks || isVeto && state.isSilence }

    /// How many questions it was asked. 0: it has not subscribed yet.
    package var rounds: Int64 { question.round }

    /// Required, and not subscribed yet. (`away` and `gone` at first are the states of a component
    /// that was subscribed when the broker died.)
    var isPlaceholder: Bool {
        question.round == 0 && subscribers.isEmpty && state != .away && state != .gone
    }

    /// It never came, or hung up and did not come back in time.
    var isMissing: Bool { state == .gone || state == .silent && isPlaceholder }

    /// It acts only on a final notice.
    @inline(__always)
    package var isConfirm: Bool {
        subscribers.contains { $0.confirm } || awayProcesses.contains { $0.confirm }
    }
}

// MARK: - What a status shows

extension Participant {
    struct Shown: Equatable {
        var state: State
        var isVeto: Bool
        var since: Instant
        var until: Instant?
        var message: String?
        var deferrals: Int
        var budget: Duration
        var processes: [Int32]
    }

    /// While these fields are the same, so is the status. Mutating, so that a participant is read
    /// where it stands: it is large to copy.
    mutating func shown(before deadline: Instant) -> Shown {
        Shown(
            state: state,
            isVeto: isVeto,
            since: since,
            until: stateEnd(before: deadline),
            message: message,
            deferrals: deferrals,
            budget: budget,
            processes: blockingProcesses
        )
    }
}
