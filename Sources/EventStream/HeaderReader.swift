// SPDX-License-Identifier: Apache-2.0

/// Reads the headers of one frame, and never a byte behind them.
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

    mutating func headers() throws(FrameError) -> [Header] {
        var headers: [Header] = []
        if position < end { headers.reserveCapacity(8) }
        while position < end {
            guard headers.count < limits.maximumHeaders else {
                throw .tooManyHeaders(maximum: limits.maximumHeaders)
            }
            headers.append(try header())
        }
        return headers
    }

    private mutating func header() throws(FrameError) -> Header {
        let length = Int(try integer(UInt8.self))
        guard length > 0 else { throw .unnamedHeader }
        let name = try text(length)
        return Header(name, try value(ofType: try integer(UInt8.self)))
    }

    private mutating func value(ofType type: UInt8) throws(FrameError) -> HeaderValue {
        guard let type = HeaderType(rawValue: type) else { throw .unknownHeaderType(type) }
        return switch type {
        case .boolTrue: .bool(true)
        case .boolFalse: .bool(false)
        case .byte: .byte(try integer(Int8.self))
        case .int16: .int16(try integer(Int16.self))
        case .int32: .int32(try integer(Int32.self))
        case .int64: .int64(try integer(Int64.self))
        case .bytes: .bytes(Array(bytes[try take(try valueLength())]))
        case .string: .string(try text(try valueLength()))
        case .timestamp: .timestamp(milliseconds: try integer(Int64.self))
        case .uuid: .uuid(Array(bytes[try take(16)]))
        }
    }

    private mutating func valueLength() throws(FrameError) -> Int {
        let length = Int(try integer(UInt16.self))
        guard length <= limits.maximumHeaderValue else {
            throw .headerValueTooLong(length, maximum: limits.maximumHeaderValue)
        }
        return length
    }

    private mutating func text(_ length: Int) throws(FrameError) -> String {
        let range = try take(length)
        do {
            return String(copying: try UTF8Span(validating: bytes.span.extracting(range)))
        } catch {
            throw .invalidUTF8
        }
    }

    private mutating func integer<Number: FixedWidthInteger>(
        _ type: Number.Type
    ) throws(FrameError) -> Number {
        bytes.bigEndian(type, at: try take(Number.bitWidth / 8).lowerBound)
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
