// SPDX-License-Identifier: Apache-2.0

internal import Negotiation

/// The payload is not what its record should have.
struct RecordError: Error, Hashable {}

/// What goes through the fields of a record in their order. `RecordReader` puts what was read in
/// the place of each. An `OutputSpan` of bytes writes each, and changes nothing. So every field is
/// listed once.
///
/// Numbers take seven bits a byte, lowest first, the sign in the lowest bit; texts and lists come
/// after their length; what may be absent comes after a byte that is 0 or 1. Times are seconds and
/// nanoseconds.
protocol FieldCoder: ~Copyable, ~Escapable {
    /// Fields are read, not written.
    var isReading: Bool { get }
    /// Of what is read. What is written has the latest one.
    var format: Int32 { get }

    mutating func code(_ number: inout Int64) throws(RecordError)
    mutating func code(_ flag: inout Bool) throws(RecordError)
    mutating func code(_ duration: inout Duration) throws(RecordError)
    mutating func code(_ text: inout String) throws(RecordError)
    mutating func code(_ bytes: inout [UInt8]) throws(RecordError)
}

typealias RecordCoder = FieldCoder & ~Copyable & ~Escapable

/// A value that a record can hold, also absent or in a list.
protocol Recordable {
    /// What is read into.
    static var blank: Self { get }
    mutating func code(_ coder: inout some RecordCoder) throws(RecordError)
}

extension FieldCoder where Self: ~Copyable & ~Escapable {
    /// A count, which is not negative and fits 31 bits.
    mutating func code(_ count: inout Int) throws(RecordError) {
        var number = Int64(count)
        try code(&number)
        guard 0...Int64(Int32.max) ~= number else {
            precondition(isReading, "only what is read can be wrong")
            throw RecordError()
        }
        if isReading { count = Int(number) }
    }

    mutating func code(_ number: inout Int32) throws(RecordError) {
        var wide = Int64(number)
        try code(&wide)
        if isReading { number = Int32(truncatingIfNeeded: wide) }
    }

    mutating func code(_ peer: inout PeerID) throws(RecordError) {
        var number = Int64(bitPattern: peer.number)
        try code(&number)
        if isReading { peer.number = UInt64(bitPattern: number) }
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
        guard isReading else { return }
        guard words.indices.contains(index) else { throw RecordError() }
        word = words[index]
    }

    mutating func code<Value: Recordable>(_ value: inout Value?) throws(RecordError) {
        var isPresent = value != nil
        try code(&isPresent)
        guard isPresent else {
            if isReading { value = nil }
            return
        }
        var present = value ?? Value.blank
        try present.code(&self)
        if isReading { value = present }
    }

    mutating func code<Value: Recordable>(_ values: inout [Value]) throws(RecordError) {
        var count = values.count
        try code(&count)
        if isReading { values = [] }
        for place in 0..<count {
            var value = isReading ? Value.blank : values[place]
            try value.code(&self)
            if isReading { values.append(value) }
        }
    }
}

// MARK: - Values that stand in lists, or can be absent

extension String: Recordable {
    static var blank: String { "" }

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try coder.code(&self)
    }
}

extension Instant: Recordable {
    static var blank: Instant { .boot }

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try coder.code(&self)
    }
}

extension StreamID: Recordable {
    static var blank: StreamID { StreamID(PeerID(0), 0) }

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try coder.code(&peer)
        try coder.code(&number)
    }
}

extension Int: Recordable {
    static var blank: Int { 0 }

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try coder.code(&self)
    }
}

extension Int32: Recordable {
    static var blank: Int32 { 0 }

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try coder.code(&self)
    }
}
