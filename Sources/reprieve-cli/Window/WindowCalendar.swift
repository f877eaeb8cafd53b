// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// Several windows in a time zone. Where they overlap or touch they are one.
struct WindowCalendar: Sendable {
    enum State: Hashable, Sendable {
        case open(until: Timestamp)
        /// The next window begins then.
        case closed(until: Timestamp)
        /// No window comes any more.
        case over
        /// The device does not know what time it is.
        case clockUnset
    }

    let windows: [CalendarWindow]
    let zone: TimeZone

    /// 2020-01-01 00:00 UTC. A device without a battery for its clock boots with an earlier time.
    static let clockEpoch: Timestamp = 1_577_836_800
    /// February 29 falls on a Saturday again after 40 years at most.
    private static let years = 41
    private static let horizon = years * 366
    /// A window that lasts longer has no end. Seconds.
    private static let longest: Int64 = 366 * 86_400

    func state(at now: Timestamp) -> State {
        if now < Self.clockEpoch { return .clockUnset }
        guard let next = next(after: now) else { return .over }
        return next.contains(now) ? .open(until: next.upperBound) : .closed(until: next.lowerBound)
    }

    /// The window that is open, else the next one; nil if none comes.
    func next(after now: Timestamp) -> Range<Timestamp>? {
        let today = zone.day(at: now)
        var found: [Range<Timestamp>] = []
        for day in (today - 2)...(today + Self.horizon) {
            for window in windows {
                for range in window.moments(on: day, in: zone) where range.upperBound > now {
                    found.merge(range)
                }
            }
            guard let first = found.first else { continue }
            // What begins on a later day cannot touch it.
            let later = Int64(day + 1) * 86_400 - TimeZone.farthest
            if later > first.upperBound || isEndless(first) { return first }
        }
        return found.first
    }

    /// The next windows, at most so many.
    func next(_ count: Int, after now: Timestamp) -> [Range<Timestamp>] {
        var ranges: [Range<Timestamp>] = []
        while ranges.count < count, let range = next(after: ranges.last?.upperBound ?? now) {
            ranges.append(range)
        }
        return ranges
    }

    /// The windows that are open at a moment.
    func windows(at moment: Timestamp) -> [CalendarWindow] {
        let today = zone.day(at: moment)
        return windows.filter { window in
            (today - 2...today + 1).contains { day in
                window.moments(on: day, in: zone).contains { $0.contains(moment) }
            }
        }
    }

    /// The windows that came once and do not come any more. Throws if a window never comes in any
    /// year, or if all of them together never end.
    func check(at now: Timestamp) throws(CalendarError) -> [CalendarWindow] {
        // A clock that is not set does not make a window far away.
        let now = max(now, Self.clockEpoch)
        var over: [CalendarWindow] = []
        for window in windows {
            let alone = WindowCalendar(windows: [window], zone: zone)
            guard alone.next(after: now) == nil else { continue }
            guard let start = window.start, alone.next(after: start) != nil else {
                throw CalendarError(message: "the window \(quoted(window.text)) never comes")
            }
            guard start <= now else {
                let text = "the window \(quoted(window.text)) does not come within"
                throw CalendarError(message: text + " \(Self.years) years")
            }
            over.append(window)
        }
        if let next = next(after: now), isEndless(next) {
            throw CalendarError(message: "there is no time outside of the windows")
        }
        return over
    }

    private func isEndless(_ range: Range<Timestamp>) -> Bool {
        range.upperBound - range.lowerBound > Self.longest
    }
}
