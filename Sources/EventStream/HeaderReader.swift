// SPDX-License-Identifier: Apache-2.0

/// Where the parts of one header are.
struct HeaderPlace {
    var name: Range<Int>
    var type: HeaderType
    /// Without the length in front of a text.
    var value: Range<Int>
}

/// Goes through the headers of one frame, and never a byte behind them.
struct HeaderReader {
    private let bytes: [UInt8]
    private var position: Int
    private let end: Int
    private let limits: FrameLimits

    init(_ bytes: [UInt8], in range: Range<Int>, limits: FrameLimits) {
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
        self.limits = limits
    }

    /// Whether all headers are as they should be.
    mutating func check() throws(FrameError) {
        var count = 0
        while position < end {
            guard count < limits.maximumHeaders else {
                throw .tooManyHeaders(maximum: limits.maximumHeaders)
            }
            let place = try place()
            try checkText(place.name)
            if place.type == .string { try checkText(place.value) }
            count += 1
        }
    }

    /// The next header of a block that was checked.
    mutating func next() -> HeaderPlace? {
        position < end ? try? place() : nil
    }

    func header(at place: HeaderPlace) -> Header {
        Header(text(place.name), value(at: place))
    }

    func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    private func value(at place: HeaderPlace) -> HeaderValue {
        let start = place.value.lowerBound
        return switch place.type {
        case .boolTrue: .bool(true)
        case .boolFalse: .bool(false)
        case .byte: .byte(bytes.bigEndian(Int8.self, at: start))
        case .int16: .int16(bytes.bigEndian(Int16.self, at: start))
        case .int32: .int32(bytes.bigEndian(Int32.self, at: start))
        case .int64: .int64(bytes.bigEndian(Int64.self, at: start))
        case .bytes: .bytes(Array(bytes[place.value]))
        case .string: .string(text(place.value))
        case .timestamp: .timestamp(milliseconds: bytes.bigEndian(Int64.self, at: start))
        case .uuid: .uuid(Array(bytes[place.value]))
        }
    }

    /// Moves past one header.
    private mutating func place() throws(FrameError) -> HeaderPlace {
        let nameLength = Int(bytes[position])
        let nameStart = position + 1
        guard nameLength > 0 else { throw .unnamedHeader }
        let typeStart = try behind(nameStart, nameLength)
        var valueStart = try behind(typeStart, 1)
        guard let type = HeaderType(rawValue: bytes[typeStart]) else {
            throw .unknownHeaderType(bytes[typeStart])
        }
        var valueLength = type.valueLength
        if type.hasStatedLength {
            valueStart = try behind(valueStart, 2)
            valueLength = try statedLength(before: valueStart)
        }
        position = try behind(valueStart, valueLength)
        return HeaderPlace(
            name: nameStart..<typeStart,
            type: type,
            value: valueStart..<position
        )
    }

    private func statedLength(before start: Int) throws(FrameError) -> Int {
        let length = Int(bytes[start - 2]) << 8 | Int(bytes[start - 1])
        guard length <= limits.maximumHeaderValue else {
            throw .headerValueTooLong(length, maximum: limits.maximumHeaderValue)
        }
        return length
    }

    /// What stands behind `length` bytes that must be there.
    private func behind(_ start: Int, _ length: Int) throws(FrameError) -> Int {
        guard length <= end - start else {
            throw .truncatedHeader(missing: length - (end - start))
        }
        return start + length
    }

    private func checkText(_ range: Range<Int>) throws(FrameError) {
        do { _ = try UTF8Span(validating: bytes.span.extracting(range)) } catch {
            throw .invalidUTF8
        }
    }
}

extension HeaderType {
    /// Whether the value's length stands in front of it, in two bytes.
    var hasStatedLength: Bool { self == .bytes || self == .string }

    /// The value's length, where all of this type have the same.
    var valueLength: Int {
        switch self {
        case .boolTrue, .boolFalse, .bytes, .string: 0
        case .byte: 1
        case .int16: 2
        case .int32: 4
        case .int64, .timestamp: 8
        case .uuid: 16
        }
    }
}
