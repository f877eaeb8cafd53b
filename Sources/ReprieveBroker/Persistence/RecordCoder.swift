// SPDX-License-Identifier: Apache-2.0

internal import Negotiation

// The payload of a record: its fields in a fixed order, each listed once for writing and reading.
// Numbers are written seven bits a byte, lowest first, the sign in the lowest bit; texts and lists
// after their length; what may be absent after a byte that is 0 or 1. Times are seconds and
// nanoseconds.

/// The payload is not what its record should have.
struct RecordError: Error, Hashable {}

/// Writes a field, or reads one in its place.
protocol RecordCoder {
    mutating func code(_ number: inout Int64) throws(RecordError)
    mutating func code(_ bytes: inout [UInt8]) throws(RecordError)
    mutating func code(_ text: inout String) throws(RecordError)
}

extension RecordCoder {
    mutating func code(_ flag: inout Bool) throws(RecordError) {
        // -1 is written as the byte 1.
        var number: Int64 = flag ? -1 : 0
        try code(&number)
        guard number == 0 || number == -1 else { throw RecordError() }
        flag = number == -1
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
        let (whole, attoseconds) = duration.components
        var (seconds, nanoseconds) = (whole, attoseconds / 1_000_000_000)
        try code(&seconds)
        try code(&nanoseconds)
        // More than any message can ask for, and little enough that sums of it are durations.
        guard seconds.magnitude < 1 << 56, nanoseconds.magnitude < 1_000_000_000 else {
            throw RecordError()
        }
        duration = .seconds(seconds) + .nanoseconds(nanoseconds)
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

    /// A value that may be absent; `blank` is where one is read into.
    mutating func code<Value>(
        _ value: inout Value?,
        _ blank: @autoclosure () -> Value,
        _ field: (inout Self, inout Value) throws(RecordError) -> Void
    ) throws(RecordError) {
        var isPresent = value != nil
        try code(&isPresent)
        guard isPresent else {
            value = nil
            return
        }
        var present = value ?? blank()
        try field(&self, &present)
        value = present
    }

    mutating func code<Value>(
        _ values: inout [Value],
        _ blank: @autoclosure () -> Value,
        _ field: (inout Self, inout Value) throws(RecordError) -> Void
    ) throws(RecordError) {
        var count = values.count
        try code(&count)
        for index in 0..<count {
            if index == values.count { values.append(blank()) }
            try field(&self, &values[index])
        }
    }

    mutating func code(_ text: inout String?) throws(RecordError) {
        try code(&text, "") { (coder, text) throws(RecordError) in try coder.code(&text) }
    }

    mutating func code(_ instant: inout Instant?) throws(RecordError) {
        try code(&instant, .boot) { (coder, value) throws(RecordError) in try coder.code(&value) }
    }

    mutating func code(_ texts: inout [String]) throws(RecordError) {
        try code(&texts, "") { (coder, text) throws(RecordError) in try coder.code(&text) }
    }
}

struct RecordWriter: RecordCoder, Sendable {
    private(set) var bytes: [UInt8] = []

    mutating func code(_ number: inout Int64) {
        var rest = UInt64(bitPattern: number << 1 ^ number >> 63)
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func code(_ more: inout [UInt8]) {
        var count = Int64(more.count)
        code(&count)
        bytes += more
    }

    mutating func code(_ text: inout String) {
        var count = Int64(text.utf8.count)
        code(&count)
        bytes.append(contentsOf: text.utf8)
    }
}

struct RecordReader: RecordCoder {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func code(_ number: inout Int64) throws(RecordError) {
        var bits: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard position < bytes.count else { throw RecordError() }
            let byte = bytes[position]
            position += 1
            bits |= UInt64(byte & 0x7F) << shift
            guard byte >= 0x80 else {
                number = Int64(bitPattern: bits >> 1) ^ -Int64(bits & 1)
                return
            }
        }
        throw RecordError()
    }

    mutating func code(_ value: inout [UInt8]) throws(RecordError) {
        var count = 0
        try code(&count)
        guard count <= bytes.count - position else { throw RecordError() }
        value = Array(bytes[position..<position + count])
        position += count
    }

    mutating func code(_ text: inout String) throws(RecordError) {
        var utf8: [UInt8] = []
        try code(&utf8)
        text = String(decoding: utf8, as: UTF8.self)
    }
}
