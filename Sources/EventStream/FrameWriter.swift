// SPDX-License-Identifier: Apache-2.0

/// Writes frames behind each other, as bytes at once: `begin`, its headers, `end` with its payload;
/// or `begin`, its headers, `payload`, `end`. Or headers alone, for many frames.
///
/// Headers are `int32` and `string` only, because AWS's C SDK fails on a frame with any other. A
/// name or a text of a length that the layout cannot carry is a mistake of ours.
package struct FrameWriter: Sendable {
    package private(set) var bytes: [UInt8] = []
    /// Where the latest frame starts.
    private var start = 0
    /// Where its payload starts, once that is written.
    private var payloadStart = 0

    /// `capacity`: the bytes for which there is room at once.
    package init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    package mutating func begin() {
        start = bytes.count
        // The prelude follows when the lengths are known.
        bytes.append(addingCapacity: FrameLayout.prelude) {
            $0.append(repeating: 0, count: FrameLayout.prelude)
        }
    }

    package mutating func header(_ name: String, _ number: Int32) {
        bytes.append(addingCapacity: 2 + name.utf8.count + 4) { free in
            free.append(headerName: name, .int32)
            free.append(bigEndian: UInt32(bitPattern: number))
        }
    }

    package mutating func header(_ name: String, _ text: String) {
        precondition(
            text.utf8.count <= FrameLimits.default.maximumHeaderValue,
            "a header's text is longer than a peer would take"
        )
        bytes.append(addingCapacity: 2 + name.utf8.count + 2 + text.utf8.count) { free in
            free.append(headerName: name, .string)
            free.append(bigEndian: UInt16(text.utf8.count))
            free.append(copying: text.utf8.span)
        }
    }

    /// Returns false for one of another type, which is not written.
    @discardableResult
    package mutating func header(_ header: Header) -> Bool {
        switch header.value {
        case .int32(let number): self.header(header.name, number)
        case .string(let text): self.header(header.name, text)
        default: return false
        }
        return true
    }

    package mutating func end(payload: [UInt8]) {
        self.payload { $0.append(contentsOf: payload) }
        end()
    }

    /// The payload is what `append` appends.
    package mutating func payload(_ append: (inout [UInt8]) -> Void) {
        payloadStart = bytes.count
        append(&bytes)
    }

    /// Writes the headers of another writer, which has written nothing else.
    package mutating func headers(of other: FrameWriter) { bytes += other.bytes }

    /// Puts such headers behind those of a frame whose payload is written.
    package mutating func insertHeaders(of other: FrameWriter) {
        bytes.insert(contentsOf: other.bytes, at: payloadStart)
        payloadStart += other.bytes.count
    }

    package mutating func end() {
        let headersLength = payloadStart - start - FrameLayout.prelude
        let length = bytes.count - start + 4
        bytes.set(UInt32(length), at: start)
        bytes.set(UInt32(headersLength), at: start + 4)
        let prelude = crc32(bytes.span.extracting(start..<start + 8))
        bytes.set(prelude, at: start + 8)
        let whole = crc32(bytes.span.extracting((start + 8)...), continuing: prelude)
        bytes.append(bigEndian: whole)
    }
}

extension [UInt8] {
    /// Puts a number, its highest byte first, in the place of four bytes.
    fileprivate mutating func set(_ number: UInt32, at place: Int) {
        for index in 0..<4 {
            self[place + index] = UInt8(truncatingIfNeeded: number >> (24 - 8 * UInt32(index)))
        }
    }

    mutating func append(bigEndian number: UInt32) {
        append(addingCapacity: 4) { $0.append(bigEndian: number) }
    }
}

extension OutputSpan<UInt8> {
    fileprivate mutating func append(headerName name: String, _ type: HeaderType) {
        precondition(1...255 ~= name.utf8.count, "a header's name has 1 to 255 bytes")
        append(UInt8(name.utf8.count))
        append(copying: name.utf8.span)
        append(type.rawValue)
    }

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
