// SPDX-License-Identifier: Apache-2.0

import EventStream

// No fuzzer guesses a checksum. So that it gets behind them, they are put right.

/// The same bytes, with the checksums that they should have.
func repaired(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    var start = 0
    while start + 16 <= bytes.count {
        let length = bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
        guard length >= 16, start + length <= bytes.count else { break }
        repair(&bytes, start..<start + 8)
        repair(&bytes, start..<start + length - 4)
        start += length
    }
    return bytes
}

private func repair(_ bytes: inout [UInt8], _ range: Range<Int>) {
    let checksum = crc32(bytes.span.extracting(range))
    for index in 0..<4 {
        bytes[range.upperBound + index] = UInt8(truncatingIfNeeded: checksum >> (24 - 8 * index))
    }
}

/// A frame whose lengths and checksums are right, whatever else is wrong with it.
func frame(headers: [UInt8], payload: [UInt8]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 12) + headers + payload + [0, 0, 0, 0]
    (bytes[2], bytes[3]) = (UInt8(bytes.count >> 8), UInt8(bytes.count & 255))
    (bytes[6], bytes[7]) = (UInt8(headers.count >> 8), UInt8(headers.count & 255))
    return repaired(bytes)
}
