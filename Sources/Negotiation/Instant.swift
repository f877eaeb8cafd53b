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

    /// The same as `components`, without a division of 128 bits: 10^18 is 5^18 · 2^18, and a number
    /// of 64 bits is divided by a constant with a multiplication.
    package var parts: (seconds: Int64, attoseconds: Int64) {
        let whole = attoseconds
        let high = UInt64(truncatingIfNeeded: whole >> 39)
        // Negative, or more than 300,000 years.
        guard whole >> 103 == 0 else { return components }
        let low = UInt64(truncatingIfNeeded: whole)
        let upper = high.quotientAndRemainder(dividingBy: Self.fiveToEighteen)
        let middle = upper.remainder << 21 | low >> 18 & 0x1F_FFFF
        let lower = middle.quotientAndRemainder(dividingBy: Self.fiveToEighteen)
        let rest = lower.remainder << 18 | low & 0x3_FFFF
        return (Int64(upper.quotient << 21 | lower.quotient), Int64(rest))
    }

    private static var fiveToEighteen: UInt64 { 3_814_697_265_625 }

    /// The same time without the part below a millisecond.
    var inWholeMilliseconds: Duration {
        .milliseconds(wholeMilliseconds)
    }
}
