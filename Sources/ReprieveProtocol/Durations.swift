// SPDX-License-Identifier: Apache-2.0

private let units: [(suffix: String, milliseconds: Int64)] = [
    ("ms", 1), ("s", 1_000), ("m", 60_000), ("min", 60_000), ("h", 3_600_000), ("d", 86_400_000),
]

/// A century is for ever, and far from any overflow.
package let longestDuration: Int64 = 100 * 365 * 24 * 3_600_000

/// Milliseconds from `500ms`, `30s`, `5min` or `5m`, `1h30m`, `2d` or `0`; nil from anything else,
/// and from more than a century.
package func milliseconds(spelled text: String) -> Int64? {
    if text == "0" { return 0 }
    var (rest, sum) = (text[...], Int64(0))
    repeat {
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        let suffix = rest.dropFirst(digits.count).prefix { $0.isLetter }
        guard let number = Int64(digits),
            let unit = units.first(where: { $0.suffix == suffix })
        else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit.milliseconds)
        guard !overflow, product <= longestDuration - sum else { return nil }
        sum += product
        rest = rest.dropFirst(digits.count + suffix.count)
    } while !rest.isEmpty
    return sum
}

/// A time that is left, for people, rounded up: `0.4 s`, `12 s`, `5 min`, `23 h 59 min`.
package func duration(_ milliseconds: Int64) -> String {
    let seconds = (max(0, milliseconds) + 999) / 1_000
    let minutes = (seconds + 59) / 60
    return switch milliseconds {
    case ..<1: "0 s"
    case ..<1_000: "0.\(max(1, milliseconds / 100)) s"
    case ..<120_000: "\(seconds) s"
    case ..<7_140_001: "\(minutes) min"
    default: "\(minutes / 60) h" + (minutes % 60 == 0 ? "" : " \(minutes % 60) min")
    }
}

/// The same for a duration.
package func duration(_ time: Duration) -> String {
    let (seconds, attoseconds) = time.components
    return duration(seconds * 1_000 + attoseconds / 1_000_000_000_000_000)
}

/// A time that has passed, for people, rounded down: `0.4 s`, `12 s`, `5 min 12 s`, `3 h 12 min`.
package func elapsed(_ milliseconds: Int64) -> String {
    let tenths = max(0, milliseconds) / 100
    let (seconds, minutes) = (tenths / 10, tenths / 600)
    return switch seconds {
    case ..<10: "\(seconds)" + (tenths % 10 == 0 ? "" : ".\(tenths % 10)") + " s"
    case ..<60: "\(seconds) s"
    case ..<3_600: "\(minutes) min" + (seconds % 60 == 0 ? "" : " \(seconds % 60) s")
    default: "\(minutes / 60) h" + (minutes % 60 == 0 ? "" : " \(minutes % 60) min")
    }
}
