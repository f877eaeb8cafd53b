// SPDX-License-Identifier: Apache-2.0

internal import Negotiation

// A record's payload: its fields in a fixed order. Numbers are written seven bits a byte, lowest
// first, the sign in the lowest bit; texts and lists after their length; what may be absent after a
// byte that is 0 or 1. Times are seconds and nanoseconds.

struct RecordWriter: Sendable {
    var bytes: [UInt8] = []

    mutating func put(_ number: Int64) {
        var rest = UInt64(bitPattern: number << 1 ^ number >> 63)
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func put(_ flag: Bool) { bytes.append(flag ? 1 : 0) }

    mutating func put(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        put(seconds)
        put(attoseconds / 1_000_000_000)
    }

    mutating func put(_ instant: Instant) { put(instant.sinceBoot) }

    mutating func put(_ text: String) {
        put(Int64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    mutating func put<Value>(
        _ value: Value?,
        _ write: (inout RecordWriter, Value) -> Void
    ) {
        put(value != nil)
        if let value { write(&self, value) }
    }

    mutating func put<Value>(
        _ values: [Value],
        _ write: (inout RecordWriter, Value) -> Void
    ) {
        put(Int64(values.count))
        for value in values { write(&self, value) }
    }
}

/// The payload is not what its record should have.
struct RecordError: Error, Hashable {}

struct RecordReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    private mutating func byte() throws(RecordError) -> UInt8 {
        guard position < bytes.count else { throw RecordError() }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func number() throws(RecordError) -> Int64 {
        var number: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            let byte = try byte()
            number |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return Int64(bitPattern: number >> 1) ^ -Int64(number & 1) }
        }
        throw RecordError()
    }

    mutating func count() throws(RecordError) -> Int {
        let number = try number()
        guard 0...Int64(bytes.count) ~= number else { throw RecordError() }
        return Int(number)
    }

    /// What is counted on from there.
    mutating func tally() throws(RecordError) -> Int64 {
        let number = try number()
        guard 0...Int64(Int32.max) ~= number else { throw RecordError() }
        return number
    }

    mutating func flag() throws(RecordError) -> Bool {
        switch try byte() {
        case 0: return false
        case 1: return true
        default: throw RecordError()
        }
    }

    mutating func duration() throws(RecordError) -> Duration {
        let (seconds, nanoseconds) = (try number(), try number())
        // More than any message can ask for, and little enough that sums of it are durations.
        guard seconds.magnitude < 1 << 56, nanoseconds.magnitude < 1_000_000_000 else {
            throw RecordError()
        }
        return .seconds(seconds) + .nanoseconds(nanoseconds)
    }

    mutating func instant() throws(RecordError) -> Instant {
        Instant(sinceBoot: try duration())
    }

    mutating func blob() throws(RecordError) -> [UInt8] {
        let count = try count()
        guard count <= bytes.count - position else { throw RecordError() }
        defer { position += count }
        return Array(bytes[position..<position + count])
    }

    mutating func text() throws(RecordError) -> String {
        String(decoding: try blob(), as: UTF8.self)
    }

    mutating func optional<Value>(
        _ read: (inout RecordReader) throws(RecordError) -> Value
    ) throws(RecordError) -> Value? {
        try flag() ? try read(&self) : nil
    }

    mutating func list<Value>(
        _ read: (inout RecordReader) throws(RecordError) -> Value
    ) throws(RecordError) -> [Value] {
        var values: [Value] = []
        for _ in 0..<(try count()) { values.append(try read(&self)) }
        return values
    }
}

/// A word that is written as a number, which never changes its meaning.
extension RecordReader {
    mutating func word<Word>(_ words: [Word]) throws(RecordError) -> Word {
        let number = try number()
        guard words.indices ~= Int(clamping: number) else { throw RecordError() }
        return words[Int(number)]
    }
}

extension RecordWriter {
    mutating func put<Word: Equatable>(_ word: Word, in words: [Word]) {
        guard let index = words.firstIndex(of: word) else {
            preconditionFailure("every word has its number")
        }
        put(Int64(index))
    }
}
