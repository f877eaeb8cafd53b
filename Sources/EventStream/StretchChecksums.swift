// SPDX-License-Identifier: Apache-2.0

/// The checksum of any stretch of some bytes, in a time that does not depend on its length.
///
/// The checksum of all bytes up to a place is known for every `distance`-th place. That of a
/// stretch follows from the two at its ends, since CRC-32 is linear: crc(AB) is crc(A), moved on by
/// the length of B, plus crc(B).
struct StretchChecksums: Sendable {
    private static let distance = 64
    private let bytes: [UInt8]
    private let known: [UInt32]

    init(of bytes: [UInt8]) {
        self.bytes = bytes
        var known: [UInt32] = [0]
        known.reserveCapacity(bytes.count / Self.distance + 1)
        for end in stride(from: Self.distance, through: bytes.count, by: Self.distance) {
            let piece = bytes.span.extracting(end - Self.distance..<end)
            known.append(crc32(piece, continuing: known[known.count - 1]))
        }
        self.known = known
    }

    func checksum(of stretch: Range<Int>) -> UInt32 {
        checksum(before: stretch.upperBound)
            ^ CRC32Shift.moved(checksum(before: stretch.lowerBound), by: stretch.count)
    }

    private func checksum(before end: Int) -> UInt32 {
        let place = end / Self.distance
        let rest = bytes.span.extracting(place * Self.distance..<end)
        return crc32(rest, continuing: known[place])
    }
}

/// Moves a checksum on by a number of bytes: multiplies it by x to the power of eight times that,
/// modulo the polynomial. The highest bit of a checksum is the coefficient of 1.
private enum CRC32Shift {
    private static let one: UInt32 = 1 << 31
    /// x to the power of 8, 16, 32 and so on.
    private static let powers: [UInt32] = {
        var powers: [UInt32] = [one >> 8]
        for _ in 1..<Int.bitWidth { powers.append(product(powers.last ?? one, powers.last ?? one)) }
        return powers
    }()

    static func moved(_ checksum: UInt32, by count: Int) -> UInt32 {
        var moved = checksum
        var rest = count
        for power in powers where rest > 0 {
            if rest & 1 == 1 { moved = product(moved, power) }
            rest >>= 1
        }
        return moved
    }

    private static func product(_ one: UInt32, _ other: UInt32) -> UInt32 {
        var (product, factor, multiple) = (UInt32(0), one, other)
        while factor != 0 {
            if factor & Self.one != 0 { product ^= multiple }
            factor <<= 1
            multiple = multiple & 1 == 1 ? 0xEDB8_8320 ^ multiple >> 1 : multiple >> 1
        }
        return product
    }
}
