// SPDX-License-Identifier: Apache-2.0

/// Finds the frames in bytes that may be damaged, as a file's may: what is no frame is passed over
/// up to the next one that is whole. What stands in the bytes may pretend at each place to be the
/// start of a long frame; that takes no more time than a place of another kind.
package struct FrameSearch {
    private let bytes: [UInt8]
    private let limits: FrameLimits
    private var position = 0
    /// Not needed as long as nothing is damaged.
    private var checksums: StretchChecksums?
    /// What was passed over so far.
    package private(set) var damage: [Range<Int>] = []

    package init(_ bytes: [UInt8], limits: FrameLimits = FrameLimits(maximumFrame: .max)) {
        self.bytes = bytes
        self.limits = limits
    }

    package mutating func next() -> Frame? {
        let start = position
        while position < bytes.count {
            if let (frame, length) = frame(at: position) {
                if start < position { damage.append(start..<position) }
                position += length
                return frame
            }
            position += 1
        }
        if start < position { damage.append(start..<position) }
        return nil
    }

    private mutating func frame(at start: Int) -> (Frame, length: Int)? {
        guard bytes.count - start >= FrameLayout.smallest,
            let prelude = try? Prelude(decoding: bytes, at: start, limits: limits),
            prelude.frameLength <= bytes.count - start
        else { return nil }
        let frame = try? Frame(decoding: bytes, at: start, prelude, limits: limits) { stretch in
            guard let checksums else { return crc32(bytes.span.extracting(stretch)) }
            return checksums.checksum(of: stretch)
        }
        if frame == nil, checksums == nil { checksums = StretchChecksums(of: bytes) }
        return frame.map { ($0, prelude.frameLength) }
    }
}
