// SPDX-License-Identifier: Apache-2.0

internal import Negotiation

/// The payload is not what its record should have.
struct RecordError: Error, Hashable {}

/// Writes the fields of a record in a fixed order, or reads them in the same order: each `code`
/// writes the value, or puts what was read in its place. So every field is listed once.
///
/// Numbers take seven bits a byte, lowest first, the sign in the lowest bit; texts and lists come
/// after their length; what may be absent comes after a byte that is 0 or 1. Times are seconds and
/// nanoseconds.
struct RecordCoder {
    private(set) var bytes: [UInt8]
    /// Of what is read.
    let format: Int32
    /// Where the next field is read; nil where fields are written.
    private var position: Int?

    /// A coder that writes.
    init() {
        bytes = []
        format = RecordFrames.format
        position = nil
    }

    init(reading bytes: [UInt8], format: Int32 = RecordFrames.format) {
        self.bytes = bytes
        self.format = format
        position = 0
    }

    /// Fields are read, not written.
    var isReading: Bool { position != nil }

    /// Makes room for so many bytes that are to be written.
    mutating func reserve(_ count: Int) {
        bytes.reserveCapacity(count)
    }

    var isAtEnd: Bool { position == bytes.count }

    mutating func code(_ number: inout Int64) throws(RecordError) {
        guard position != nil else { return write(number) }
        var bits: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            let byte = try readByte()
            bits |= UInt64(byte & 0x7F) << shift
            guard byte >= 0x80 else {
                number = Int64(bitPattern: bits >> 1) ^ -Int64(bits & 1)
                return
            }
        }
        throw RecordError()
    }

    private mutating func write(_ number: Int64) {
        // Most fit into one byte.
        if -64..<64 ~= number { return bytes.append(UInt8(truncatingIfNeeded: number.zigzag)) }
        bytes.append(addingCapacity: Self.longestNumber) { $0.append(sevenBitsOf: number) }
    }

    private static let longestNumber = 10

    private mutating func readByte() throws(RecordError) -> UInt8 {
        guard let place = position, place < bytes.count else { throw RecordError() }
        position = place + 1
        return bytes[place]
    }

    private mutating func read(_ count: Int) throws(RecordError) -> ArraySlice<UInt8> {
        guard let start = position, count <= bytes.count - start else { throw RecordError() }
        position = start + count
        return bytes[start..<start + count]
    }

    mutating func code(_ value: inout [UInt8]) throws(RecordError) {
        var count = value.count
        try code(&count)
        if position == nil { bytes += value } else { value = Array(try read(count)) }
    }

    mutating func code(_ text: inout String) throws(RecordError) {
        var count = text.utf8.count
        try code(&count)
        if position == nil {
            bytes.append(contentsOf: text.utf8)
        } else {
            text = String(decoding: try read(count), as: UTF8.self)
        }
    }

    mutating func code(_ flag: inout Bool) throws(RecordError) {
        guard position != nil else { return bytes.append(flag ? 1 : 0) }
        let byte = try readByte()
        guard byte <= 1 else { throw RecordError() }
        flag = byte == 1
    }

    /// A count, which is not negative and fits 31 bits.
    mutating func code(_ count: inout Int) throws(RecordError) {
        var number = Int64(count)
        try code(&number)
        guard 0...Int64(Int32.max) ~= number else { throw RecordError() }
        count = Int(number)
    }

    mutating func code(_ number: inout Int32) throws(RecordError) {
        var wide = Int64(number)
        try code(&wide)
        number = Int32(truncatingIfNeeded: wide)
    }

    mutating func code(_ duration: inout Duration) throws(RecordError) {
        guard position != nil else { return write(duration) }
        var (seconds, nanoseconds): (Int64, Int64) = (0, 0)
        try code(&seconds)
        try code(&nanoseconds)
        // More than any message can ask for, and little enough that sums of it are durations.
        guard seconds.magnitude < 1 << 56, nanoseconds.magnitude < 1_000_000_000 else {
            throw RecordError()
        }
        duration = .seconds(seconds) + .nanoseconds(nanoseconds)
    }

    private mutating func write(_ duration: Duration) {
        let (seconds, attoseconds) = duration.parts
        bytes.append(addingCapacity: 2 * Self.longestNumber) { free in
            free.append(sevenBitsOf: seconds)
            free.append(sevenBitsOf: attoseconds / 1_000_000_000)
        }
    }

    mutating func code(_ peer: inout PeerID) throws(RecordError) {
        var number = Int64(bitPattern: peer.number)
        try code(&number)
        peer.number = UInt64(bitPattern: number)
    }

    mutating func code(_ instant: inout Instant) throws(RecordError) {
        try code(&instant.sinceBoot)
    }

    /// One of a fixed list of words, whose order never changes.
    mutating func code<Word: Equatable>(
        _ word: inout Word,
        in words: [Word]
    ) throws(RecordError) {
        guard var index = words.firstIndex(of: word) else {
            preconditionFailure("every word that is written has its number")
        }
        try code(&index)
        guard words.indices.contains(index) else { throw RecordError() }
        word = words[index]
    }

    mutating func code<Value: Recordable>(_ value: inout Value?) throws(RecordError) {
        var isPresent = value != nil
        try code(&isPresent)
        guard isPresent else {
            value = nil
            return
        }
        var present = value ?? Value.blank
        try present.code(&self)
        value = present
    }

    mutating func code<Value: Recordable>(_ values: inout [Value]) throws(RecordError) {
        var count = values.count
        try code(&count)
        for index in 0..<count {
            if index == values.count { values.append(Value.blank) }
            try values[index].code(&self)
        }
    }
}

extension Int64 {
    /// Its sign in the lowest bit.
    fileprivate var zigzag: UInt64 { UInt64(bitPattern: self << 1 ^ self >> 63) }
}

extension OutputSpan<UInt8> {
    fileprivate mutating func append(sevenBitsOf number: Int64) {
        var rest = number.zigzag
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }
}

/// A value that a record can hold, also absent or in a list.
protocol Recordable {
    /// What is read into.
    static var blank: Self { get }
    mutating func code(_ coder: inout RecordCoder) throws(RecordError)
}

extension Recordable {
    init(
        reading payload: [UInt8],
        format: Int32 = RecordFrames.format
    ) throws(RecordError) {
        var coder = RecordCoder(reading: payload, format: format)
        self = .blank
        try code(&coder)
    }

    var record: [UInt8] {
        var (coder, value) = (RecordCoder(), self)
        coder.reserve(160)
        do throws(RecordError) { try value.code(&coder) } catch {
            preconditionFailure("only what is read can be wrong")
        }
        return coder.bytes
    }
}
