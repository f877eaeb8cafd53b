// SPDX-License-Identifier: Apache-2.0

/// The CRC-32 of zlib and gzip (reflected polynomial EDB88320), which seals every frame twice.
///
/// `crc` is the checksum of what came before, so that a long text can be taken in pieces.
package func crc32(_ bytes: Span<UInt8>, continuing crc: UInt32 = 0) -> UInt32 {
    var state = ~crc
    var position = 0
    while position &+ 16 <= bytes.count {
        let sixteen = bytes.extracting(position..<position &+ 16)
        state = CRC32.eight(sixteen, at: 8, CRC32.eight(sixteen, at: 0, state))
        position &+= 16
    }
    if position &+ 8 <= bytes.count {
        let eight = bytes.extracting(position..<position &+ 8)
        state = CRC32.eight(eight, at: 0, state)
        position &+= 8
    }
    while position < bytes.count {
        state = CRC32.tables[0][CRC32.byte(0, of: state ^ UInt32(bytes[position]))] ^ state >> 8
        position &+= 1
    }
    return ~state
}

/// Eight bytes a step, each looked up in the table of its distance from the step's end.
private enum CRC32 {
    typealias Table = InlineArray<256, UInt32>

    static let tables: InlineArray<8, Table> = makeTables()

    @inline(__always)
    static func eight(_ bytes: Span<UInt8>, at start: Int, _ state: UInt32) -> UInt32 {
        let low = state ^ word(bytes, at: start)
        let high = word(bytes, at: start &+ 4)
        return tables[7][byte(0, of: low)] ^ tables[6][byte(1, of: low)]
            ^ tables[5][byte(2, of: low)] ^ tables[4][byte(3, of: low)]
            ^ tables[3][byte(0, of: high)] ^ tables[2][byte(1, of: high)]
            ^ tables[1][byte(2, of: high)] ^ tables[0][byte(3, of: high)]
    }

    @inline(__always)
    static func word(_ bytes: Span<UInt8>, at start: Int) -> UInt32 {
        UInt32(bytes[start]) | UInt32(bytes[start &+ 1]) << 8
            | UInt32(bytes[start &+ 2]) << 16 | UInt32(bytes[start &+ 3]) << 24
    }

    @inline(__always)
    static func byte(_ index: UInt32, of word: UInt32) -> Int {
        Int(UInt8(truncatingIfNeeded: word >> (8 &* index)))
    }

    private static func makeTables() -> InlineArray<8, Table> {
        var tables = InlineArray<8, Table>(repeating: Table { remainder(of: UInt32($0)) })
        for distance in 1..<8 {
            for index in 0..<256 {
                let previous = tables[distance - 1][index]
                tables[distance][index] = tables[0][Int(previous & 0xFF)] ^ previous >> 8
            }
        }
        return tables
    }

    private static func remainder(of byte: UInt32) -> UInt32 {
        (0..<8).reduce(byte) { state, _ in
            state & 1 == 1 ? 0xEDB8_8320 ^ state >> 1 : state >> 1
        }
    }
}
