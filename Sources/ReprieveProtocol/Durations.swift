// SPDX-License-Identifier: Apache-2.0

private let units: [(suffix: String, milliseconds: Int64)] = [
    ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000),
]

/// A century is for ever, and far from any overflow.
package let longestDuration: Int64 = 100 * 365 * 24 * 3_600_000

/// Milliseconds from `500ms`, `30s`, `10m`, `2h` or `0`; nil from anything else, and from more
/// than a century.
package func milliseconds(spelled text: String) -> Int64? {
    if text == "0" { return 0 }
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let suffix = text.dropFirst(digits.count)
    guard let number = Int64(digits), let unit = units.first(where: { $0.suffix == suffix }) else {
        return nil
    }
    let (product, overflow) = number.multipliedReportingOverflow(by: unit.milliseconds)
    return overflow || product > longestDuration ? nil : product
}

/// A time that is left or has passed, for people: `0.4 s`, `12 s`, `5 min`, `3 h`.
package func duration(_ milliseconds: Int64) -> String {
    let seconds = (max(0, milliseconds) + 999) / 1_000
    return switch milliseconds {
    case ..<1: "0 s"
    case ..<1_000: "0.\(max(1, milliseconds / 100)) s"
    case ..<120_000: "\(seconds) s"
    case ..<7_200_000: "\(seconds / 60) min"
    default: "\(seconds / 3_600) h"
    }
}
