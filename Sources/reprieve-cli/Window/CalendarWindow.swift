// SPDX-License-Identifier: Apache-2.0

/// A recurring time, as in `Sat,Sun 02:00..05:00`: on the days that it names, while the local clock
/// shows a time in it.
struct CalendarWindow: Hashable, Sendable {
    /// As the operator wrote it.
    let text: String
    /// 0 is Monday; nil for all days.
    var weekdays: [ClosedRange<Int>]?
    var years: [ClosedRange<Int>]?
    var months: [ClosedRange<Int>]?
    var daysOfMonth: [ClosedRange<Int>]?
    /// Minutes from the beginning of the day. Where a window ends on the next day, the upper bound
    /// is beyond `minutesOfDay`.
    var minutes: Range<Int>

    static let minutesOfDay = 24 * 60

    /// The moments of the window that begins on this day.
    func moments(on day: Int, in zone: TimeZone) -> [Range<Timestamp>] {
        guard includes(CivilDate(day: day)) else { return [] }
        let midnight = day * Self.minutesOfDay
        let begin = Int64(midnight + minutes.lowerBound) * 60
        let end = Int64(midnight + minutes.upperBound) * 60
        return zone.moments(showing: begin..<end)
    }

    /// A moment before all windows; nil if they come in every year.
    var start: Timestamp? {
        let year = years?.map(\.lowerBound).min()
        return year.map { Timestamp($0 - 1_970) * 365 * 86_400 - TimeZone.farthest }
    }

    private func includes(_ date: CivilDate) -> Bool {
        contains(weekdays, date.weekday) && contains(years, date.year)
            && contains(months, date.month) && contains(daysOfMonth, date.dayOfMonth)
    }

    private func contains(_ ranges: [ClosedRange<Int>]?, _ number: Int) -> Bool {
        ranges?.contains { $0.contains(number) } ?? true
    }
}
