// SPDX-License-Identifier: Apache-2.0

extension Frame {
    /// The frame's bytes.
    ///
    /// Its headers are `int32` and `string` only, because AWS's C SDK fails on a frame with any
    /// other; to ask for more is a mistake of ours, as is a name or a text of a length that the
    /// layout cannot carry.
    package func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(encodedLength)
        append(to: &bytes)
        return bytes
    }

    /// Puts the frame's bytes behind what is there already.
    package func append(to bytes: inout [UInt8]) {
        let start = bytes.count
        let (headers, payload) = (headers, payload)
        let headersLength = headers.encodedLength
        let length = FrameLayout.smallest + headersLength + payload.count
        bytes.append(bigEndian: UInt32(length))
        bytes.append(bigEndian: UInt32(headersLength))
        bytes.append(bigEndian: crc32(bytes.span.extracting(start...)))
        for header in headers { header.append(to: &bytes) }
        bytes.append(contentsOf: payload)
        bytes.append(bigEndian: crc32(bytes.span.extracting(start...)))
    }
}

extension [Header] {
    var encodedLength: Int { reduce(0) { $0 + $1.encodedLength } }
}

extension Header {
    fileprivate var encodedLength: Int {
        let fixed = 1 + name.utf8.count + 1
        return switch value {
        case .int32: fixed + 4
        case .string(let text): fixed + 2 + text.utf8.count
        default: preconditionFailure("only int32 and string headers are ever written")
        }
    }

    fileprivate func append(to bytes: inout [UInt8]) {
        precondition(1...255 ~= name.utf8.count, "a header's name has 1 to 255 bytes")
        bytes.append(addingCapacity: encodedLength) { free in
            free.append(UInt8(name.utf8.count))
            free.append(copying: name.utf8.span)
            switch value {
            case .int32(let number):
                free.append(HeaderType.int32.rawValue)
                free.append(bigEndian: UInt32(bitPattern: number))
            case .string(let text):
                precondition(
                    text.utf8.count <= FrameLimits.default.maximumHeaderValue,
                    "a header's text is longer than a peer would take"
                )
                free.append(HeaderType.string.rawValue)
                free.append(bigEndian: UInt16(text.utf8.count))
                free.append(copying: text.utf8.span)
            default: preconditionFailure("only int32 and string headers are ever written")
            }
        }
    }
}

extension [UInt8] {
    mutating func append(bigEndian number: UInt32) {
        append(addingCapacity: 4) { $0.append(bigEndian: number) }
    }
}

extension OutputSpan<UInt8> {
    fileprivate mutating func append(copying bytes: Span<UInt8>) {
        for index in bytes.indices { append(bytes[index]) }
    }

    fileprivate mutating func append(bigEndian number: UInt32) {
        append(bigEndian: UInt16(truncatingIfNeeded: number >> 16))
        append(bigEndian: UInt16(truncatingIfNeeded: number))
    }

    fileprivate mutating func append(bigEndian number: UInt16) {
        append(UInt8(truncatingIfNeeded: number >> 8))
        append(UInt8(truncatingIfNeeded: number))
    }
}
