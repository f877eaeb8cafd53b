// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Seconds since 1970-01-01 00:00 UTC.
typealias Timestamp = Int64

/// What the local clock shows at which moment.
struct TimeZone: Sendable {
    struct Shift: Hashable, Sendable {
        /// Seconds; positive to the east of Greenwich.
        let offset: Int64
        /// As in CET.
        let abbreviation: String
    }

    let shift: @Sendable (Timestamp) -> Shift

    /// The zone of TZ, else of /etc/localtime, as it is at each call.
    static let local = TimeZone { moment in
        tzset()
        var (seconds, parts) = (time_t(moment), tm())
        guard localtime_r(&seconds, &parts) != nil else {
            return Shift(offset: 0, abbreviation: "UTC")
        }
        let abbreviation = parts.tm_zone.map { String(cString: $0) } ?? ""
        return Shift(offset: Int64(parts.tm_gmtoff), abbreviation: abbreviation)
    }

    /// The day on the local calendar, counted from 1970-01-01.
    func day(at moment: Timestamp) -> Int {
        let local = moment + shift(moment).offset
        return Int(local >= 0 ? local / 86_400 : (local - 86_399) / 86_400)
    }

    /// The moments at which the local clock shows a time in `local`, in seconds since 1970-01-01
    /// 00:00 local time. None if the clock is put forward over it, several if it is put back.
    func moments(showing local: Range<Int64>) -> [Range<Timestamp>] {
        let start = local.lowerBound - Self.farthest
        let end = local.upperBound + Self.farthest
        var found: [Range<Timestamp>] = []
        var piece = start
        while piece < end {
            let offset = shift(piece).offset
            let next = nextChange(after: piece, from: offset, before: end)
            let shown = (local.lowerBound - offset)..<(local.upperBound - offset)
            let clamped = shown.clamped(to: piece..<next)
            if !clamped.isEmpty { found.append(clamped) }
            piece = next
        }
        return found.reduce(into: []) { $0.merge($1) }
    }

    /// No zone is farther from Greenwich.
    static let farthest: Int64 = 15 * 3_600
    /// No zone changes twice within this time.
    private static let step: Int64 = 6 * 3_600

    private func nextChange(
        after moment: Timestamp,
        from offset: Int64,
        before end: Timestamp
    ) -> Timestamp {
        var same = moment
        while same + Self.step < end, shift(same + Self.step).offset == offset { same += Self.step }
        var changed = min(same + Self.step, end)
        guard shift(changed).offset != offset else { return end }
        while changed - same > 1 {
            let middle = same + (changed - same) / 2
            if shift(middle).offset == offset { same = middle } else { changed = middle }
        }
        return changed
    }
}

extension [Range<Timestamp>] {
    /// Adds a range to disjoint ranges in their order, and joins those that touch it.
    mutating func merge(_ range: Range<Timestamp>) {
        let touching = filter {
            $0.lowerBound <= range.upperBound && $0.upperBound >= range.lowerBound
        }
        let begin = touching.reduce(range.lowerBound) { Swift.min($0, $1.lowerBound) }
        let end = touching.reduce(range.upperBound) { Swift.max($0, $1.upperBound) }
        removeAll { touching.contains($0) }
        append(begin..<end)
        sort { $0.lowerBound < $1.lowerBound }
    }
}
