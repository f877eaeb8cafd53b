// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// What `reprieve window` answers to the updates that wait, as a value: events go in with the time
/// of the wall clock, actions come out. `timePassed` is due at `nextChange`, and whenever the clock
/// was set.
///
/// Each update is answered at its notice, and again when the answer becomes another one: a window
/// begins or ends, or the clock was set.
struct WindowStateMachine {
    enum Event: Hashable, Sendable {
        /// There is a connection. The answers of the former one may be lost.
        case subscribed
        case noticed(PreUpdateEvent)
        case ended(deploymentID: String)
        /// The broker takes no answer to this notice any more.
        case refused(PreUpdateEvent)
        case timePassed
    }

    enum Action: Hashable, Sendable {
        case answer(PreUpdateEvent, NoticeAnswer)
        /// Tell the operator.
        case note(String)
        /// The broker asks about more updates than `Limits.updatesOfComponent`.
        case hangUp
    }

    /// Where no window is in sight, the broker asks again after this time. Milliseconds.
    static let deferralWithoutWindow: Int64 = 3_600_000

    let calendar: WindowCalendar
    /// Nil before the first event.
    private(set) var state: WindowCalendar.State?
    /// The second at which the state was read last. To find a window years ahead takes long: until
    /// the next change it is not read again, unless the clock was set back, or the zone is another.
    private var readAt: Timestamp?
    private var readIn: TimeZone.Shift?
    /// The newest notice of each update that waits, oldest first.
    private var notices: [PreUpdateEvent] = []
    private var actions: [Action] = []

    init(_ calendar: WindowCalendar) {
        self.calendar = calendar
    }

    /// Nil if only the setting of the clock changes the answers.
    var nextChange: Timestamp? {
        switch state {
        case .open(let end)?: end
        case .closed(let begin)?: begin
        case .clockUnset?: WindowCalendar.clockEpoch
        case .over?, nil: nil
        }
    }

    /// `now` is in milliseconds since 1970-01-01 00:00 UTC.
    mutating func handle(_ event: Event, at now: Int64) -> [Action] {
        let hasChanged = readCalendar(now)
        switch event {
        case .noticed(let notice): noticed(notice, now, hasChanged)
        case .ended(let id): notices.removeAll { $0.deploymentID == id }
        case .refused(let notice): notices.removeAll { $0 == notice }
        case .subscribed, .timePassed: break
        }
        if hasChanged || event == .subscribed { answerAll(now) }
        defer { actions = [] }
        return actions
    }

    /// Returns whether the answers are others now.
    private mutating func readCalendar(_ now: Int64) -> Bool {
        let second = now / 1_000
        let shift = calendar.zone.shift(second)
        if let readAt, second >= readAt, shift == readIn,
            state == .over || second < nextChange ?? second
        {
            return false
        }
        (readAt, readIn) = (second, shift)
        let state = calendar.state(at: second)
        guard state != self.state else { return false }
        self.state = state
        act(.note(calendar.text(state, at: second)))
        return true
    }

    private mutating func noticed(_ notice: PreUpdateEvent, _ now: Int64, _ hasChanged: Bool) {
        notices.removeAll { $0.deploymentID == notice.deploymentID }
        guard notices.count < Limits.updatesOfComponent else { return act(.hangUp) }
        notices.append(notice)
        if !hasChanged { answer(notice, now) }
    }

    private mutating func answerAll(_ now: Int64) {
        for notice in notices { answer(notice, now) }
    }

    private mutating func answer(_ notice: PreUpdateEvent, _ now: Int64) {
        guard let state else { return }
        switch state {
        case .open: act(.answer(notice, .acknowledge()))
        case .closed(let begin):
            deferUpdate(notice, begin * 1_000 - now, calendar.outside(until: begin))
        case .over, .clockUnset:
            deferUpdate(notice, Self.deferralWithoutWindow, calendar.text(state, at: now / 1_000))
        }
    }

    private mutating func deferUpdate(_ notice: PreUpdateEvent, _ time: Int64, _ message: String) {
        let time = min(max(time, 1), longestDuration)
        act(.answer(notice, .defer(milliseconds: time, message: message)))
    }

    private mutating func act(_ action: Action) {
        actions.append(action)
    }
}
