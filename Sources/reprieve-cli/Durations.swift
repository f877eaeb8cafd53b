// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveProtocol

/// Milliseconds from `500ms`, `30s`, `10m`, `2h` or `0`.
func milliseconds(_ text: String) throws -> Int64 {
    guard let number = milliseconds(spelled: text) else {
        throw ValidationError(
            "write a whole number and its unit, as in 500ms, 30s, 10m or 2h,"
                + " and no more than \(longestDuration / 3_600_000)h"
        )
    }
    return number
}

/// A time that is left or has passed, for people: `0.4 s`, `12 s`, `5 min`, `3 h`.
func duration(_ milliseconds: Int64) -> String {
    let seconds = (max(0, milliseconds) + 999) / 1_000
    return switch milliseconds {
    case ..<1: "0 s"
    case ..<1_000: "0.\(max(1, milliseconds / 100)) s"
    case ..<120_000: "\(seconds) s"
    case ..<7_200_000: "\(seconds / 60) min"
    default: "\(seconds / 3_600) h"
    }
}
