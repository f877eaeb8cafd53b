// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// What a component says to which notice, and when, as a value: events go in with the moment at
/// which they happened, actions come out, and `nextDeadline` says when to come back at the latest.
/// It knows no socket, clock, closure or task, only numbers that stand for them.
struct Desk {
    typealias Moment = ContinuousClock.Instant

    enum Event: Hashable, Sendable {
        /// The first connection is being made, or will be in a moment.
        case opening
        /// A connection is there, on which the subscription was asked for.
        case connected
        /// The subscription stands: answers can be sent. Some updates go ahead already.
        case subscribed(underway: [String])
        /// There is no connection, or none any more.
        case hungUp
        case noticed(PreUpdateEvent)
        case ended(PostUpdateEvent)
        /// There is somebody to ask, or nobody any more.
        case answererCame
        case answererLeft
        /// Something has changed: who put an update off is to be asked again.
        case reconsidered
        case decided(Ticket, Word)
        /// What was to follow an acknowledgement has run.
        case followed(Ticket)
        /// A scope wants to begin, that no update may interrupt.
        case held(Hold, why: String, IfUnderway)
        case letGo(Hold)
        /// What the broker replied to an answer.
        case replied(Question, Reply)
        case timePassed
    }

    enum Action: Hashable, Sendable {
        /// Put an answer on the wire.
        case say(Question, DeferRequest)
        /// Ask the component; `decided` follows.
        case ask(Ticket, Notice)
        /// Run what was to follow the acknowledgement; `followed` follows.
        case follow(Ticket, Outcome)
        case publish(EndedUpdate)
        case begin(Hold)
        case refuse(Hold, deploymentID: String)
        case warn(Hold, LastCall)
        case log(String)
        /// The broker owes an answer for too long.
        case hangUp
    }

    /// One asking of the component.
    struct Ticket: Hashable, Sendable { var number: Int }

    /// One scope.
    struct Hold: Hashable, Sendable { var number: Int }

    /// One answer that the broker is to reply to.
    struct Question: Hashable, Sendable { var number: Int }

    /// The updates that are not over, by their id.
    var updates: [String: Known] = [:]
    /// The scopes that are open or want to be, oldest first.
    var holds: [Holding] = []
    /// The answers that the broker has not yet replied to.
    var questions: [Question: Asked] = [:]
    /// The latest updates that ended, so that a broker that repeats itself is heard once.
    var latelyEnded: [EndedUpdate] = []
    var hasAnswerer = false
    var isSubscribed = false
    /// Nobody knows yet whether there is a broker, and what goes ahead already.
    var isOpening = false
    /// When the subscription must be confirmed.
    var subscribeBy: Moment?
    /// The component has answered or held something once, or had its time to.
    var hasSpoken = false
    /// Until when a component that has just started is given time to speak.
    var settlesAt: Moment?
    var now = Moment.now
    private var latestNumber = 0
    private var actions: [Action] = []

    mutating func handle(_ event: Event, at now: Moment) -> [Action] {
        self.now = now
        switch event {
        case .opening: isOpening = true
        case .connected: subscribeBy = now + Limits.reply
        case .subscribed(let underway): subscribed(underway)
        case .hungUp: hungUp()
        case .noticed(let notice): noticed(notice)
        case .ended(let post): ended(post)
        case .answererCame:
            (hasAnswerer, hasSpoken) = (true, true)
            for id in ids where updates[id]?.stance == .undecided { decide(id) }
        case .answererLeft: hasAnswerer = false
        case .reconsidered: reconsider()
        case .decided(let ticket, let word): decided(ticket, word)
        case .followed(let ticket): followed(ticket)
        case .held(let hold, let why, let ifUnderway): held(hold, why, ifUnderway)
        case .letGo(let hold): letGo(hold)
        case .replied(let question, let reply): replied(question, reply)
        case .timePassed: timePassed()
        }
        defer { actions = [] }
        return actions
    }

    /// In an order that is the same each time. Mostly there is at most one, and to sort that would
    /// cost a component memory for code that it never needs.
    var ids: [String] { updates.count > 1 ? updates.keys.sorted() : Array(updates.keys) }

    mutating func act(_ action: Action) {
        actions.append(action)
    }

    mutating func nextNumber() -> Int {
        latestNumber += 1
        return latestNumber
    }
}

/// What the library does by itself, and for how long.
enum Limits {
    /// What an update is put off by in the component's name. It is let go early, or renewed.
    static let onItsBehalf = Duration.seconds(30)
    /// How long a broker may take to reply. Beyond it the connection is given up.
    static let reply = Duration.seconds(10)
    /// How long a component that has got ready waits for the final notice before it is told to go
    /// on: another component holds the update back, perhaps for hours.
    static let readiness = Duration.seconds(1)
    /// How long a program that has just started may take to say that it answers, or is busy.
    static let settling = Duration.seconds(1)
    /// When a closure's answer is due where the broker does not say: Greengrass waits for 60 s.
    static let response = Duration.seconds(20)
    /// After how long without a word of it an update's outcome is unknown.
    static let update = Duration.seconds(25 * 3_600)
    /// Outcomes that are remembered: for whoever listens later, and lest one be told twice.
    static let endedUpdates = 16
    /// Outcomes that wait for a listener that does not keep up. Oldest forgotten first.
    static let unreadOutcomes = 64
}
