// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// An update that is not over, as far as this component is concerned.
///
///     undecided ──ask──► thinking ──got ready──► ready
///         ▲  ▲              │                      │ it is over, or put off
///         │  └──────────────┘ defers, "I could"    ▼
///         └───────────────────────────────────── goingBack
struct Known: Hashable, Sendable {
    enum Stance: Hashable, Sendable {
        /// Nothing was asked of the component, or it did nothing for its answer.
        case undecided
        /// Its closure runs; `notice` is what it was given. At `coverAt` a deferral is due.
        case thinking(Ticket, Notice, coverAt: Desk.Moment?)
        /// It has got ready, and something is to follow. At `until` it is told to go on.
        case ready(Ticket, until: Desk.Moment?)
        /// What follows runs.
        case goingBack(Ticket)
    }

    typealias Ticket = Desk.Ticket

    var notice: PreUpdateEvent
    var noticedAt: Desk.Moment
    var stance = Stance.undecided
    /// Whether the connection that brought the notice is still there.
    var isCurrent = true
    /// Whether this notice was answered.
    var isAnswered = false
    /// The latest word was a final 0: the gate may have opened.
    var gaveFinal = false
    /// The latest word was put off in the component's name only, was lost, or there is none.
    var isDue = true
    /// What became of the update, while the component is still busy with it.
    var outcome: Outcome?
    /// The broker has said that it cannot be held back any more.
    var isReleased = false
    /// The latest answer to it.
    var latest: Desk.Question?
    /// When it goes ahead whatever is said, once there was a last call.
    var endsAt: Desk.Moment?
    var forgetAt: Desk.Moment

    init(_ notice: PreUpdateEvent, at now: Desk.Moment) {
        self.notice = notice
        noticedAt = now
        forgetAt = now + Limits.update
    }

    /// An update that went ahead before this component was there to be asked.
    init(underway id: String, at now: Desk.Moment) {
        var notice = PreUpdateEvent(deploymentID: id, isGgcRestarting: false)
        notice.round = 0
        self.init(notice, at: now)
        (isAnswered, isDue) = (true, false)
    }

    /// The broker speaks plain Greengrass: it takes one answer to a notice, and no more.
    var isPlain: Bool { notice.round == nil }

    /// It may still go ahead, and be held back.
    var isOpen: Bool { outcome == nil && !isReleased }

    /// The component's closure runs, nothing was said meanwhile, and nobody goes ahead without it.
    var isAwaited: Bool { isThinking && isCurrent && !isAnswered && !notice.lastCall }

    /// Whether an answer would be taken.
    var canBeAnswered: Bool { !isPlain || (isCurrent && !isAnswered) }
}

/// What a component's closure came to.
enum Word: Hashable, Sendable {
    case `defer`(Duration, because: String)
    /// Nothing stands in the way, and nothing was done for it.
    case could
    /// It has got ready, and something is to follow.
    case ready
}

/// What the broker replied to an answer.
enum Reply: Hashable, Sendable {
    case taken(DeferResponse)
    case refused(String)
    /// The connection ended first: nobody knows.
    case lost
}

/// An answer that the broker has not yet replied to.
struct Asked: Hashable, Sendable {
    let deploymentID: String
    let deferral: Duration
    /// The connection on which the update was announced was still there.
    let wasCurrent: Bool
    let replyBy: Desk.Moment
}

/// A scope that no update may interrupt.
struct Holding: Hashable, Sendable {
    let hold: Desk.Hold
    let why: String
    let ifUnderway: IfUnderway
    /// What the broker must reply to before it begins.
    var pending: Set<Desk.Question> = []
    /// The updates whose end it waits for.
    var waitsFor: Set<String> = []
    var hasBegun = false
    /// The updates whose last call it has heard.
    var warnedOf: Set<String> = []
}
