// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import reprieve_cli

@Suite("A calendar window") struct CalendarWindowTests {
    private static let windows = [
        "02:00..03:00", "22:00..05:00", "00:00..00:30", "23:30..24:00", "01:45..02:15",
        "Mon..Fri,Sun 22:00..01:00", "Sat,Sun 02:00..05:00", "*-3,10-* 02:15..02:45",
        "Sun *-*-1..7 02:00..05:00", "12-31 12:00..11:45", "02-29 00:00..24:00",
    ]

    /// A quarter of an hour is the unit of all windows and changes here.
    @Test(arguments: FixedZone.all)
    func `is open whenever the local clock shows its time`(zone: FixedZone) throws {
        for text in Self.windows {
            let window = try CalendarWindow(text)
            let calendar = WindowCalendar(windows: [window], zone: zone.zone)
            let (start, end) = (zone.year, zone.year + 366 * 86_400)
            var open = calendar.next(after: start)
            let wrong = stride(from: start, to: end, by: 900).filter { moment in
                while let range = open, range.upperBound <= moment {
                    open = calendar.next(after: range.upperBound)
                }
                let isOpen = open?.contains(moment) ?? false
                return isOpen != shows(window, moment + zone.offset(moment))
            }
            #expect(wrong == [], "\(text)")
        }
    }

    /// What the local clock shows, read day by day and without any range of moments.
    private func shows(_ window: CalendarWindow, _ local: Int64) -> Bool {
        let (day, minute) = (Int(local / 86_400), Int(local % 86_400 / 60))
        return [(day, minute), (day - 1, minute + 1_440)].contains { day, minute in
            window.minutes.contains(minute) && contains(window.weekdays, (day + 3) % 7)
                && contains(window.months, CivilDate(day: day).month)
                && contains(window.daysOfMonth, CivilDate(day: day).dayOfMonth)
        }
    }

    private func contains(_ ranges: [ClosedRange<Int>]?, _ number: Int) -> Bool {
        ranges?.contains { $0.contains(number) } ?? true
    }

    @Test func `does not come when the clocks are put forward over it`() throws {
        let calendar = try calendar("02:00..03:00")
        let days = calendar.next(3, after: berlin("2026-03-27 12:00", hours: 1))
        #expect(
            days.map(calendar.zone.text) == [
                "Sat 2026-03-28 02:00 CET..Sat 2026-03-28 03:00 CET",
                "Mon 2026-03-30 02:00 CEST..Mon 2026-03-30 03:00 CEST",
                "Tue 2026-03-31 02:00 CEST..Tue 2026-03-31 03:00 CEST",
            ]
        )
    }

    @Test func `comes twice when the clocks are put back over it`() throws {
        let calendar = try calendar("02:15..02:45")
        let days = calendar.next(2, after: berlin("2026-10-24 12:00", hours: 2))
        #expect(
            days.map(calendar.zone.text) == [
                "Sun 2026-10-25 02:15 CEST..Sun 2026-10-25 02:45 CEST",
                "Sun 2026-10-25 02:15 CET..Sun 2026-10-25 02:45 CET",
            ]
        )
    }

    @Test func `is one window with those that it touches`() throws {
        let calendar = try calendar("Fri 22:00..24:00", "Sat,Sun 00:00..24:00", "Mon 00:00..05:00")
        let next = calendar.next(1, after: berlin("2026-11-25 12:00", hours: 1))
        #expect(
            next.map(calendar.zone.text) == [
                "Fri 2026-11-27 22:00 CET..Mon 2026-11-30 05:00 CET"
            ]
        )
    }

    @Test(arguments: ["02-30 02:00..03:00", "2027-03-28 02:00..03:00", "2026-11-31 02:00..03:00"])
    func `that never comes is an error`(text: String) throws {
        let calendar = try calendar(text)
        let now = berlin("2026-11-25 12:00", hours: 1)
        #expect(throws: CalendarError(message: "the window \"\(text)\" never comes")) {
            try calendar.check(at: now)
        }
    }

    @Test func `that comes too late to be waited for is an error`() throws {
        let text = "2070-01-01 02:00..03:00"
        let message = "the window \"\(text)\" does not come within 41 years"
        let calendar = try calendar(text)
        #expect(throws: CalendarError(message: message)) {
            try calendar.check(at: berlin("2026-11-25 12:00", hours: 1))
        }
    }

    @Test func `is not far away because the clock is not set`() throws {
        #expect(try calendar("2027-01-05 02:00..03:00").check(at: 3_600) == [])
    }

    @Test func `that came and comes no more is named`() throws {
        let calendar = try calendar("2026-01-01 02:00..03:00", "03:00..04:00")
        let over = try calendar.check(at: berlin("2026-11-25 12:00", hours: 1))
        #expect(over.map(\.text) == ["2026-01-01 02:00..03:00"])
    }

    @Test func `must leave a time outside`() throws {
        let calendar = try calendar("Mon..Fri 00:00..24:00", "Sat,Sun 00:00..24:00")
        #expect(throws: CalendarError(message: "there is no time outside of the windows")) {
            try calendar.check(at: berlin("2026-11-25 12:00", hours: 1))
        }
    }

    @Test(arguments: [
        ("Feb 30", "\"30\" is not a time"), ("Sat", "\"Sat\" is not a time"), ("", "not empty"),
        ("25:00..26:00", "is not a time"), ("2:0..3:00", "is not a time"),
        ("24:00..05:00", "is not a time"), ("02:00", "is not a time"),
        ("02:00..02:00", "has no length"), ("Foo 02:00..03:00", "\"Foo\" is not a weekday"),
        ("Sat, 02:00..03:00", "\"\" is not a weekday"),
        ("Sat..Mon 02:00..03:00", "\"Sat..Mon\" goes backwards"),
        ("13-01 02:00..03:00", "\"13\" is not a month"),
        ("*-*-0 02:00..03:00", "\"0\" is not a day of a month"),
        ("*-*-1/2 02:00..03:00", "\"1/2\" is not a day of a month"),
        ("26-*-1 02:00..03:00", "\"26\" is not a year"), ("1 02:00..03:00", "\"1\" is not a date"),
        ("Sat Sun 02:00..03:00", "\"Sat\" is too much"),
        ("99999999999999999999-1-1 02:00..03:00", "is not a year"),
    ])
    func `of another form is an error that says what and where`(text: String, error: String) {
        let message = complaint(text)
        #expect(message?.contains(error) == true, "\(message ?? "none")")
    }

    private func complaint(_ text: String) -> String? {
        do throws(CalendarError) { _ = try CalendarWindow(text) } catch { return error.message }
        return nil
    }

    private func calendar(_ texts: String...) throws -> WindowCalendar {
        WindowCalendar(
            windows: try texts.map { try CalendarWindow($0) },
            zone: FixedZone.berlin.zone
        )
    }
}

@Suite("A date of the calendar") struct CivilDateTests {
    @Test(arguments: [
        (0, 1970, 1, 1, 3), (-1, 1969, 12, 31, 2), (11_016, 2000, 2, 29, 1),
        (20_786, 2026, 11, 29, 6), (47_540, 2100, 2, 28, 6), (47_541, 2100, 3, 1, 0),
    ])
    func `has a year, a month, a day and a weekday`(
        day: Int,
        year: Int,
        month: Int,
        dayOfMonth: Int,
        weekday: Int
    ) {
        let date = CivilDate(day: day)
        #expect([date.year, date.month, date.dayOfMonth] == [year, month, dayOfMonth])
        #expect(date.weekday == weekday)
    }
}
