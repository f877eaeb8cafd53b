// SPDX-License-Identifier: Apache-2.0

internal import Negotiation

/// Writes the fields of a record. It throws where there is no room for one.
extension OutputSpan: FieldCoder where Element == UInt8 {
    /// Seven of 64 bits a byte.
    private static var longestNumber: Int { 10 }

    var isReading: Bool { false }

    var format: Int32 { RecordFrames.format }

    mutating func code(_ number: inout Int64) throws(RecordError) {
        try write(number)
    }

    mutating func write(_ number: Int64) throws(RecordError) {
        try needRoom(Self.longestNumber)
        append(sevenBitsOf: number)
    }

    @inline(__always)
    mutating func code(_ flag: inout Bool) throws(RecordError) {
        try needRoom(1)
        append(flag ? 1 : 0)
    }

    mutating func code(_ duration: inout Duration) throws(RecordError) {
        try needRoom(2 * Self.longestNumber)
        let (seconds, attoseconds) = duration.parts
        append(sevenBitsOf: seconds)
        append(sevenBitsOf: attoseconds / 1_000_000_000)
    }

    mutating func code(_ text: inout String) throws(RecordError) {
        try write(text)
    }

    mutating func write(_ text: String) throws(RecordError) {
        try append(afterLength: text.utf8.span)
    }

    mutating func code(_ bytes: inout [UInt8]) throws(RecordError) {
        try append(afterLength: bytes.span)
    }

    private mutating func append(afterLength bytes: Span<UInt8>) throws(RecordError) {
        try needRoom(Self.longestNumber + bytes.count)
        append(sevenBitsOf: Int64(bytes.count))
        for place in bytes.indices { append(bytes[place]) }
    }

    @inline(__always)
    private func needRoom(_ count: Int) throws(RecordError) {
        guard freeCapacity >= count else { try Self.stop() }
    }

    /// Not where fields are written, which it would make longer.
    @inline(never)
    private static func stop() throws(RecordError) -> Never { throw RecordError() }

    /// Its sign becomes the lowest bit.
    private mutating func append(sevenBitsOf number: Int64) {
        var rest = UInt64(bitPattern: number << 1 ^ number >> 63)
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }
}

extension [UInt8] {
    /// Appends what is written into `room` bytes. Where they are too few, it is written once more
    /// into twice as many.
    mutating func append(
        room: Int,
        _ write: (inout OutputSpan<UInt8>) throws(RecordError) -> Void
    ) {
        let start = count
        var isWhole = true
        append(addingCapacity: room) { free in
            do throws(RecordError) { try write(&free) } catch { isWhole = false }
        }
        guard !isWhole else { return }
        removeSubrange(start...)
        append(room: 2 * room, write)
    }

    mutating func append(recordOf value: inout some Recordable) {
        append(room: 256) { (free) throws(RecordError) in try value.code(&free) }
    }
}
