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
///
/// Before Swift 6.3 no protocol has a mutating method for a span; what stands for one there needs
/// none.
#if compiler(>=6.3)
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
#else
    protocol FieldCoder: ~Copyable {
        var isReading: Bool { get }
        var format: Int32 { get }

        mutating func code(_ number: inout Int64) throws(RecordError)
        mutating func code(_ flag: inout Bool) throws(RecordError)
        mutating func code(_ duration: inout Duration) throws(RecordError)
        mutating func code(_ text: inout String) throws(RecordError)
        mutating func code(_ bytes: inout [UInt8]) throws(RecordError)
    }

    typealias RecordCoder = FieldCoder & ~Copyable
#endif

/// A value that a record can hold, also absent or in a list.
protocol Recordable {
    /// What is read into.
    static var blank: Self { get }
    mutating func code(_ coder: inout some RecordCoder) throws(RecordError)
}

// MARK: - What a coder knows

extension Int64 {
    @inline(__always)
    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try coder.code(&self)
    }
}

extension Bool {
    @inline(__always)
    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try coder.code(&self)
    }
}

extension Duration {
    @inline(__always)
    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try coder.code(&self)
    }
}

extension String: Recordable {
    static var blank: String { "" }

    @inline(__always)
    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try coder.code(&self)
    }
}

extension [UInt8] {
    @inline(__always)
    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try coder.code(&self)
    }
}

// MARK: - What consists of that

/// A count, which is not negative and fits 31 bits.
extension Int: Recordable {
    static var blank: Int { 0 }

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        var number = Int64(self)
        try number.code(&coder)
        guard 0...Int64(Int32.max) ~= number else {
            precondition(coder.isReading, "only what is read can be wrong")
            throw RecordError()
        }
        if coder.isReading { self = Int(number) }
    }
}

extension Int32: Recordable {
    static var blank: Int32 { 0 }

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        var wide = Int64(self)
        try wide.code(&coder)
        if coder.isReading { self = Int32(truncatingIfNeeded: wide) }
    }
}

extension PeerID {
    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        var wide = Int64(bitPattern: number)
        try wide.code(&coder)
        if coder.isReading { number = UInt64(bitPattern: wide) }
    }
}

extension Instant: Recordable {
    static var blank: Instant { .boot }

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try sinceBoot.code(&coder)
    }
}

extension StreamID: Recordable {
    static var blank: StreamID { StreamID(PeerID(0), 0) }

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try peer.code(&coder)
        try number.code(&coder)
    }
}

extension Equatable {
    /// One of a fixed list of words, whose order never changes.
    mutating func code(
        _ coder: inout some RecordCoder,
        in words: [Self]
    ) throws(RecordError) {
        guard var index = words.firstIndex(of: self) else {
            preconditionFailure("every word that is written has its number")
        }
        try index.code(&coder)
        guard coder.isReading else { return }
        guard words.indices.contains(index) else { throw RecordError() }
        self = words[index]
    }
}

extension Optional where Wrapped: Recordable {
    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        var isPresent = self != nil
        try isPresent.code(&coder)
        guard isPresent else {
            if coder.isReading { self = nil }
            return
        }
        var present = self ?? Wrapped.blank
        try present.code(&coder)
        if coder.isReading { self = present }
    }
}

extension Array where Element: Recordable {
    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        var count = count
        try count.code(&coder)
        if coder.isReading { self = [] }
        for place in 0..<count {
            var value = coder.isReading ? Element.blank : self[place]
            try value.code(&coder)
            if coder.isReading { append(value) }
        }
    }
}
