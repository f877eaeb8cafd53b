// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// Decides what a component answers to which notice, and when, as a value: events go in with the
/// moment at which they happened, actions come out, and `nextDeadline` says when `timePassed` is
/// due. It knows no socket, clock, closure or task, only ids that stand for them.
struct ParticipationStateMachine {
    typealias Moment = SuspendingClock.Instant

    enum Event: Hashable, Sendable {
        /// `run()` has started: an attempt to connect follows.
        case started
        /// There is a connection, on which the subscription is requested.
        case connected
        /// The broker has accepted the subscription, and says which updates are under way.
        case subscribed(underway: [String])
        /// All notices of updates that waited at the subscription have come.
        case caughtUp
        /// The connection ended, or could not be made.
        case hungUp
        case noticed(PreUpdateEvent)
        case ended(PostUpdateEvent)
        /// There is a closure to ask, or there is none any more.
        case answererCame
        case answererLeft
        /// The component's state has changed: updates that it has put off are decided again.
        case reconsidered
        /// The closure had left before it could be asked.
        case notAsked(QuestionID)
        case decided(QuestionID, Decision)
        /// The follow-up of an acknowledgement has run.
        case followedUp(QuestionID)
        /// A scope that no update may interrupt wants to begin.
        case scopeOpened(ScopeID, why: String, IfUnderway, IfWaiting = .start)
        case scopeClosed(ScopeID)
        /// The broker replied to an answer.
        case replied(AnswerID, BrokerReply)
        case timePassed
    }

    enum Action: Hashable, Sendable {
        /// Send an answer to the broker; `replied` follows.
        case send(AnswerID, DeferRequest)
        /// Ask the component's closure; `decided` or `notAsked` follows.
        case ask(QuestionID, Notice)
        /// Run the follow-up of the acknowledgement; `followedUp` follows.
        case followUp(QuestionID, Outcome)
        case publish(EndedUpdate)
        case begin(ScopeID)
        /// The update is under way.
        case refuse(ScopeID, deploymentID: String, reason: String?)
        case refuseWaiting(ScopeID, deploymentID: String)
        case warn(ScopeID, LastCall)
        case log(String)
        case hangUp(HangUpReason)
    }

    enum HangUpReason: Hashable, Sendable {
        /// The broker asks about more updates than `Limits.updatesOfComponent`.
        case tooManyUpdates
    }

    /// One question to the component's closure.
    struct QuestionID: Hashable, Sendable { var number: Int }

    /// One scope of `deferring`.
    struct ScopeID: Hashable, Sendable { var number: Int }

    /// One answer to the broker, which is to reply to it.
    struct AnswerID: Hashable, Sendable { var number: Int }

    /// The updates that are not over, by their id.
    var updates: [String: PendingUpdate] = [:]
    /// The scopes that are open or want to begin, oldest first.
    var scopes: [DeferringScope] = []
    /// The answers to which the broker has not replied yet.
    var answers: [AnswerID: SentAnswer] = [:]
    /// The latest updates that ended, so that an end that the broker repeats is published once.
    var latelyEnded: [EndedUpdate] = []
    var hasAnswerer = false
    var isSubscribed = false
    /// Whether it is unknown yet which updates are under way: no scope begins.
    var awaitsBroker = true
    /// Whether notices of updates that wait may be on their way, and a scope must know.
    var awaitsNotices = false
    /// The component has answered or opened a scope once, or has had the time to.
    var hasSpoken = false
    /// Until when a program that has just started has the time to answer or to open a scope.
    var settlesAt: Moment?
    var now = Moment.now
    private var latestNumber = 0
    private var actions: [Action] = []

    mutating func handle(_ event: Event, at now: Moment) -> [Action] {
        self.now = now
        switch event {
        case .started, .connected: awaitsBroker = true
        case .subscribed(let underway): subscribed(underway)
        case .caughtUp: caughtUp()
        case .hungUp: hungUp()
        case .noticed(let notice): noticed(notice)
        case .ended(let post): ended(post)
        case .answererCame: answererCame()
        case .answererLeft: answererLeft()
        case .reconsidered: reconsider()
        case .notAsked(let question): notAsked(question)
        case .decided(let question, let decision): decided(question, decision)
        case .followedUp(let question): followedUp(question)
        case .scopeOpened(let scope, let why, let ifUnderway, let ifWaiting):
            open(scope, why, ifUnderway, ifWaiting)
        case .scopeClosed(let scope): close(scope)
        case .replied(let answer, let reply): replied(answer, reply)
        case .timePassed: timePassed()
        }
        defer { actions = [] }
        return actions
    }

    /// Sorted, so that the order is the same each time. Mostly there is one at most, and to sort
    /// would load code that costs a component memory.
    var ids: [String] { updates.count > 1 ? updates.keys.sorted() : Array(updates.keys) }

    mutating func act(_ action: Action) {
        actions.append(action)
    }

    mutating func nextNumber() -> Int {
        latestNumber += 1
        return latestNumber
    }
}
