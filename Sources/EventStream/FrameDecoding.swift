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
    init(
        decoding bytes: [UInt8],
        at start: Int,
        _ prelude: Prelude,
        limits: FrameLimits
    ) throws(FrameError) {
        try self.init(decoding: bytes, at: start, prelude, limits: limits) {
            crc32(bytes.span.extracting($0))
        }
    }

    /// The same where the checksum of a stretch of the bytes may be known already.
    init(
        decoding bytes: [UInt8],
        at start: Int,
        _ prelude: Prelude,
        limits: FrameLimits,
        checksum: (Range<Int>) -> UInt32
    ) throws(FrameError) {
        let end = start + prelude.frameLength - FrameLayout.checksum
        let stated = bytes.bigEndian(UInt32.self, at: end)
        let computed = checksum(start..<end)
        guard stated == computed else {
            throw .messageChecksum(stated: stated, computed: computed)
        }
        let headersStart = start + FrameLayout.prelude
        let payloadStart = headersStart + prelude.headersLength
        let headers = headersStart..<payloadStart
        self.init(
            arrived: try HeaderBlock(checking: bytes, in: headers, limits: limits),
            payload: payloadStart..<end
        )
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
