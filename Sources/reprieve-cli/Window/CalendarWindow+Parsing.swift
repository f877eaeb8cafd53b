// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// What is wrong with a window, and where.
struct CalendarError: Error, Hashable {
    let message: String
}

/// A subset of the calendar events of systemd.time(7), with a time that lasts:
///
///     [WEEKDAYS] [[YEAR-]MONTH-DAY] BEGIN..END
///
/// Weekdays and the parts of a date are lists of numbers and ranges, as in `Mon..Fri,Sun` or
/// `*-*-1..7`.
extension CalendarWindow {
    init(_ text: String) throws(CalendarError) {
        var words = text.split { $0 == " " || $0 == "\t" }.map(String.init)
        guard let times = words.popLast() else {
            throw CalendarError(message: "a window is not empty, as in 'Sat,Sun 02:00..05:00'")
        }
        self.text = text
        minutes = try Self.minutes(times, of: text)
        if let word = words.last, !word.contains(where: \.isLetter) {
            try readDate(word)
            words.removeLast()
        }
        if let word = words.popLast() {
            weekdays = try Self.list(word, of: text, what: "weekday", Self.weekday)
        }
        guard words.isEmpty else {
            throw Self.error(
                words[0],
                of: text,
                "is too much: a window is WEEKDAYS DATE BEGIN..END"
            )
        }
    }

    private mutating func readDate(_ word: String) throws(CalendarError) {
        var parts = word.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard 2...3 ~= parts.count else {
            throw Self.error(word, of: text, "is not a date, as in *-12-24 or 12-24")
        }
        daysOfMonth = try Self.part(parts.removeLast(), of: text, "day of a month", 1...31)
        months = try Self.part(parts.removeLast(), of: text, "month", 1...12)
        if let year = parts.last { years = try Self.part(year, of: text, "year", 1970...2999) }
    }

    private static func part(
        _ word: String,
        of text: String,
        _ what: String,
        _ limits: ClosedRange<Int>
    ) throws(CalendarError) -> [ClosedRange<Int>]? {
        if word == "*" { return nil }
        return try list(word, of: text, what: what) { item in
            number(item).flatMap { limits.contains($0) ? $0 : nil }
        }
    }

    private static func list(
        _ word: String,
        of text: String,
        what: String,
        _ read: (String) -> Int?
    ) throws(CalendarError) -> [ClosedRange<Int>] {
        var ranges: [ClosedRange<Int>] = []
        for item in word.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = split(String(item), at: "..")
            guard ends.count <= 2, let first = read(ends[0]), let last = read(ends[ends.count - 1])
            else { throw error(String(item), of: text, "is not a \(what)") }
            guard first <= last else {
                throw error(String(item), of: text, "goes backwards: write a list, as in Sat,Sun")
            }
            ranges.append(first...last)
        }
        return ranges
    }

    private static func minutes(
        _ word: String,
        of text: String
    ) throws(CalendarError) -> Range<Int> {
        let ends = split(word, at: "..")
        guard ends.count == 2, let begin = minute(ends[0]), let end = minute(ends[1]),
            begin < minutesOfDay
        else {
            throw error(word, of: text, "is not a time with a beginning and an end: 02:00..05:00")
        }
        guard begin != end else {
            throw error(word, of: text, "has no length; a whole day is 00:00..24:00")
        }
        return begin..<(begin < end ? end : end + minutesOfDay)
    }

    /// From `02:00`, up to `24:00`.
    private static func minute(_ word: String) -> Int? {
        let parts = split(word, at: ":")
        guard parts.count == 2, parts[1].count == 2, parts[0].count <= 2,
            let hour = number(parts[0]), let minute = number(parts[1]), minute < 60,
            hour < 24 || (hour == 24 && minute == 0)
        else { return nil }
        return hour * 60 + minute
    }

    private static func weekday(_ word: String) -> Int? {
        let names = [
            "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
        ]
        let word = word.lowercased()
        return names.firstIndex { $0 == word || $0.prefix(3) == word }
    }

    private static func number(_ word: String) -> Int? {
        guard 1...4 ~= word.utf8.count, word.utf8.allSatisfy({ 48...57 ~= $0 }) else { return nil }
        return Int(word)
    }

    private static func split(_ word: String, at separator: String) -> [String] {
        word.split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }

    private static func error(
        _ word: String,
        of text: String,
        _ complaint: String
    ) -> CalendarError {
        let place = word == text ? "" : "in the window \(quoted(text)), "
        return CalendarError(message: "\(place)\(quoted(word)) \(complaint)")
    }
}
