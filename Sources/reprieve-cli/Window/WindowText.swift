// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol
internal import StrictJSON

extension TimeZone {
    /// "Sat 2026-12-05 02:00 CET"
    func text(_ moment: Timestamp) -> String {
        weekday(moment) + " " + date(moment) + " " + time(moment) + " " + shift(moment).abbreviation
    }

    private func weekday(_ moment: Timestamp) -> String {
        let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        return names[CivilDate(day: day(at: moment)).weekday]
    }

    private func date(_ moment: Timestamp) -> String {
        let date = CivilDate(day: day(at: moment))
        return [date.year, date.month, date.dayOfMonth].map(twoDigits).joined(separator: "-")
    }

    private func time(_ moment: Timestamp) -> String {
        let second = Int(moment + shift(moment).offset) - day(at: moment) * 86_400
        return twoDigits(second / 3_600) + ":" + twoDigits(second / 60 % 60)
    }
}

extension WindowCalendar {
    /// What operators read of a window that is not open.
    func outside(until begin: Timestamp) -> String {
        let name = windows(at: begin).first.map { " " + quoted($0.text) } ?? ""
        return "outside of the window\(name), which begins \(zone.text(begin))"
    }

    /// What operators read when the state has changed.
    func text(_ state: State, at now: Timestamp) -> String {
        switch state {
        case .open(let end): "inside the window, which ends \(zone.text(end))"
        case .closed(let begin): outside(until: begin)
        case .over: "no window comes any more"
        case .clockUnset: "the clock is not set: it shows \(zone.text(now))"
        }
    }

    /// A line for each of these windows.
    func text(_ ranges: [Range<Timestamp>]) -> String {
        table(
            [["BEGINS", "ENDS", "LASTS"]]
                + ranges.map { range in
                    let length = (range.upperBound - range.lowerBound) * 1_000
                    return [
                        zone.text(range.lowerBound), zone.text(range.upperBound), elapsed(length),
                    ]
                }
        )
    }

    func json(_ ranges: [Range<Timestamp>], at now: Timestamp) -> JSON {
        let windows = ranges.map { range -> JSON in
            [
                "beginsAtMs": .integer(range.lowerBound * 1_000),
                "endsAtMs": .integer(range.upperBound * 1_000),
            ]
        }
        let isOpen = ranges.first?.contains(now) ?? false
        return ["open": .bool(isOpen), "windows": .array(windows)]
    }
}
