// SPDX-License-Identifier: Apache-2.0

/// The first twelve bytes of a frame, checked: no length is believed before its checksum.
struct Prelude {
    let frameLength: Int
    let headersLength: Int

    init(decoding bytes: [UInt8], at start: Int, limits: FrameLimits) throws(FrameError) {
        frameLength = Int(bytes.bigEndian(UInt32.self, at: start))
        headersLength = Int(bytes.bigEndian(UInt32.self, at: start + 4))
        guard frameLength <= limits.maximumFrame else {
            throw .tooLong(frameLength, maximum: limits.maximumFrame)
        }
        guard frameLength >= FrameLayout.smallest else { throw .tooShort(frameLength) }
        let stated = bytes.bigEndian(UInt32.self, at: start + 8)
        let computed = crc32(bytes.span.extracting(start..<start + 8))
        guard stated == computed else {
            throw .preludeChecksum(stated: stated, computed: computed)
        }
        guard headersLength <= frameLength - FrameLayout.smallest else {
            throw .headersTooLong(headersLength, frame: frameLength)
        }
    }
}

extension Frame {
    /// Reads a frame whose bytes are all there.
    init(decoding bytes: [UInt8], in range: Range<Int>, limits: FrameLimits) throws(FrameError) {
        let prelude = try Prelude(decoding: bytes, at: range.lowerBound, limits: limits)
        let end = range.upperBound - FrameLayout.checksum
        let stated = bytes.bigEndian(UInt32.self, at: end)
        let computed = crc32(bytes.span.extracting(range.lowerBound..<end))
        guard stated == computed else {
            throw .messageChecksum(stated: stated, computed: computed)
        }
        let headersStart = range.lowerBound + FrameLayout.prelude
        let payloadStart = headersStart + prelude.headersLength
        var reader = HeaderReader(bytes, in: headersStart..<payloadStart, limits: limits)
        headers = try reader.headers()
        payload = Array(bytes[payloadStart..<end])
    }
}

extension [UInt8] {
    /// The integer whose bytes start at `position`; all of them must be there.
    func bigEndian<Number: FixedWidthInteger>(_: Number.Type, at position: Int) -> Number {
        var number: Number = 0
        for offset in 0..<Number.bitWidth / 8 {
            number = number << 8 | Number(truncatingIfNeeded: self[position + offset])
        }
        return number
    }
}
