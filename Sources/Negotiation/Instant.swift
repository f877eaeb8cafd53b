// SPDX-License-Identifier: Apache-2.0

/// A moment, as the time since boot (`CLOCK_BOOTTIME`). The negotiation never reads a clock: each
/// event comes with the instant at which it happened.
package struct Instant: Hashable, Comparable, Sendable {
    package var sinceBoot: Duration

    package init(sinceBoot: Duration) {
        self.sinceBoot = sinceBoot
    }

    package static let boot = Instant(sinceBoot: .zero)

    package static func < (one: Instant, other: Instant) -> Bool {
        one.sinceBoot < other.sinceBoot
    }

    package static func + (instant: Instant, duration: Duration) -> Instant {
        Instant(sinceBoot: instant.sinceBoot + duration)
    }

    package static func - (instant: Instant, duration: Duration) -> Instant {
        Instant(sinceBoot: instant.sinceBoot - duration)
    }

    package static func - (one: Instant, other: Instant) -> Duration {
        one.sinceBoot - other.sinceBoot
    }
}

/// The earlier of two instants, of which either may never come.
package func earliest(_ one: Instant?, _ other: Instant?) -> Instant? {
    guard let one, let other else { return one ?? other }
    return min(one, other)
}

extension Duration {
    /// More than any deadline, and little enough that sums of it are durations.
    package static let unlimited = Duration.seconds(1 << 55)

    /// Whole milliseconds, rounded down, at least 0: the form in which times leave the broker.
    package var wholeMilliseconds: Int64 {
        guard self > .zero else { return 0 }
        let (seconds, attoseconds) = parts
        guard seconds < Int64.max / 1_000 - 1 else { return .max }
        return seconds * 1_000 + attoseconds / 1_000_000_000_000_000
    }

    /// The same as `components`, with one division where the standard library makes several.
    package var parts: (seconds: Int64, attoseconds: Int64) {
        guard self >= .zero else { return components }
        let whole = UInt128(attoseconds)
        let (high, low) = (UInt64(whole >> 64), UInt64(truncatingIfNeeded: whole))
        let (seconds, rest) = Self.attosecondsInSecond.dividingFullWidth((high, low))
        return (Int64(seconds), Int64(rest))
    }

    private static var attosecondsInSecond: UInt64 { 1_000_000_000_000_000_000 }

    /// The same time without the part below a millisecond.
    var inWholeMilliseconds: Duration {
        .milliseconds(wholeMilliseconds)
    }
}
