// SPDX-License-Identifier: Apache-2.0

// Frames that are passed on as they arrived.

extension Frame {
    /// The bytes of the frame with other numbers in some of its int32 headers. Everything else,
    /// the payload above all, is as it arrived.
    package func encoded(replacing numbers: [(name: String, number: Int32)]) -> [UInt8] {
        switch content {
        case .arrived(let block, let payload): block.frame(with: payload, replacing: numbers)
        case .made(let headers, let payload):
            Frame(headers: headers.map { $0.replacing(numbers) }, payload: payload).encoded()
        }
    }

    /// Whether all its headers are int32 or string, which are all that AWS's C code takes.
    package var hasOnlyCommonHeaders: Bool {
        switch content {
        case .arrived(let block, _): block.types.allSatisfy { $0 == .int32 || $0 == .string }
        case .made: true
        }
    }
}

extension Header {
    fileprivate func replacing(_ numbers: [(name: String, number: Int32)]) -> Header {
        guard case .int32 = value, let new = numbers.first(where: { isNamed($0.name) }) else {
            return self
        }
        return Header(name, .int32(new.number))
    }
}

extension HeaderBlock {
    fileprivate func frame(
        with payload: Range<Int>,
        replacing numbers: [(name: String, number: Int32)]
    ) -> [UInt8] {
        let start = payload.lowerBound - length - FrameLayout.prelude
        var frame: [UInt8] = []
        frame.reserveCapacity(payload.upperBound - start + FrameLayout.checksum)
        frame += bytes[start..<payload.upperBound]
        for (name, number) in numbers {
            for place in places(of: name, .int32) {
                frame.put(bigEndian: number, at: place.lowerBound - start)
            }
        }
        // The prelude's checksum is of lengths only, which are the same.
        frame.append(bigEndian: crc32(frame.span))
        return frame
    }
}

extension [UInt8] {
    fileprivate mutating func put(bigEndian number: Int32, at position: Int) {
        let number = UInt32(bitPattern: number)
        for offset in 0..<4 {
            self[position + offset] = UInt8(truncatingIfNeeded: number >> (24 - 8 * offset))
        }
    }
}
