// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// An update that is not over for this component.
///
///     undecided ──ask──► asking ──got ready──► prepared
///         ▲  ▲              │                      │ over, or put off
///         │  └──────────────┘ defers, "I could"    ▼
///         └───────────────────────────────────── resuming
struct PendingUpdate: Hashable, Sendable {
    enum Stage: Hashable, Sendable {
        /// The component was not asked, or did nothing for its answer.
        case undecided
        /// The closure runs; `notice` is its argument. At `coverAt` a deferral is due.
        case asking(QuestionID, Notice, coverAt: Moment?)
        /// The component has got ready, and a follow-up is owed to it. At `until` it resumes.
        case prepared(QuestionID, until: Moment?)
        /// The follow-up runs.
        case resuming(QuestionID)
    }

    typealias QuestionID = ParticipationStateMachine.QuestionID
    typealias AnswerID = ParticipationStateMachine.AnswerID
    typealias Moment = ParticipationStateMachine.Moment

    var notice: PreUpdateEvent
    var noticedAt: Moment
    var stage = Stage.undecided
    /// Whether the connection that brought the notice lives.
    var isCurrent = true
    /// Whether this notice was answered.
    var isAnswered = false
    /// The latest answer was a final 0: the gate may have opened.
    var gaveFinal = false
    /// The latest answer was given on the component's behalf, was lost, or there is none.
    var isDue = true
    /// The outcome of the update, while the closure or the follow-up still runs.
    var outcome: Outcome?
    /// The broker has said that the update cannot be held back any more.
    var isReleased = false
    /// The task of `answer` was cancelled while the closure ran: its answer may never come.
    var isAbandoned = false
    /// The latest answer to it.
    var latest: AnswerID?
    /// When the update stops waiting, whatever is answered, once there was a last call.
    var endsAt: Moment?
    var forgetAt: Moment

    init(_ notice: PreUpdateEvent, at now: Moment) {
        self.notice = notice
        noticedAt = now
        forgetAt = now + ParticipationLimits.update
    }

    /// An update that was under way before this component could be asked.
    init(underway id: String, at now: Moment) {
        var notice = PreUpdateEvent(deploymentID: id, disruption: .components)
        notice.round = 0
        self.init(notice, at: now)
        (isAnswered, isDue) = (true, false)
    }

    /// The broker speaks plain Greengrass, which takes one answer to each notice.
    var isPlain: Bool { notice.round == nil }

    /// It can still be held back.
    var isOpen: Bool { outcome == nil && !isReleased }

    /// Its gate has not opened, as far as the connected broker has said; or it is not over since.
    var isWaiting: Bool { outcome == nil && isCurrent }

    /// The component does nothing for it, and no scope waits for its end.
    var isIdle: Bool { stage == .undecided && !isReleased }

    /// The component waits for its end, and a broker that does not list it says that it is over.
    var isUnderwayUntilSaid: Bool { stage == .undecided && isReleased && !isPlain }

    var isAsking: Bool {
        if case .asking = stage { true } else { false }
    }

    /// The gate waits for the closure's answer: it runs, and this notice is unanswered.
    var isAwaited: Bool { isAsking && isCurrent && !isAnswered && !notice.lastCall }

    /// Whether the broker would take an answer.
    var canBeAnswered: Bool { !isPlain || (isCurrent && !isAnswered) }

    /// No decision is expected of the closure that was asked any more.
    mutating func giveUpQuestion() {
        if isAsking { stage = .undecided }
        isAbandoned = false
    }

    /// When the library must act by itself.
    var deadline: Moment? {
        switch stage {
        case .asking(_, _, let coverAt): coverAt
        case .prepared(_, let until): until
        case .undecided, .resuming: nil
        }
    }
}

/// What a component's closure decided.
enum Decision: Hashable, Sendable {
    case `defer`(Duration, because: String)
    /// The update may go ahead, and the component did nothing for it.
    case could
    /// The component has got ready, and a follow-up is owed to it.
    case ready
}
