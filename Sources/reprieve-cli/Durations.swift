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
