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
        let length = Int(bytes[try take(1).lowerBound])
        guard length > 0 else { throw .unnamedHeader }
        let name = try take(length)
        let type = bytes[try take(1).lowerBound]
        guard let type = HeaderType(rawValue: type) else { throw .unknownHeaderType(type) }
        return HeaderPlace(name: name, type: type, value: try take(try valueLength(type)))
    }

    private mutating func valueLength(_ type: HeaderType) throws(FrameError) -> Int {
        switch type {
        case .boolTrue, .boolFalse: return 0
        case .byte: return 1
        case .int16: return 2
        case .int32: return 4
        case .int64, .timestamp: return 8
        case .uuid: return 16
        case .bytes, .string:
            let length = Int(bytes.bigEndian(UInt16.self, at: try take(2).lowerBound))
            guard length <= limits.maximumHeaderValue else {
                throw .headerValueTooLong(length, maximum: limits.maximumHeaderValue)
            }
            return length
        }
    }

    private func checkText(_ range: Range<Int>) throws(FrameError) {
        do { _ = try UTF8Span(validating: bytes.span.extracting(range)) } catch {
            throw .invalidUTF8
        }
    }

    /// Moves past the next `length` bytes and says where they are.
    private mutating func take(_ length: Int) throws(FrameError) -> Range<Int> {
        guard length <= end - position else {
            throw .truncatedHeader(missing: length - (end - position))
        }
        defer { position += length }
        return position..<position + length
    }
}
