// SPDX-License-Identifier: Apache-2.0

/// Finds the frames in bytes that may be damaged, as a file's may: what is no frame is passed over
/// up to the next one that is whole. What begins as a frame and is none may be passed over at once
/// where there is much of that, so that the search takes time in proportion to the bytes.
package struct FrameSearch {
    /// How many times the bytes may be looked at in vain.
    private static let patience = 8

    private let bytes: [UInt8]
    private let limits: FrameLimits
    private var position = 0
    /// Bytes of frames that were looked at and found damaged.
    private var wasted = 0
    /// What was passed over so far.
    package private(set) var damage: [Range<Int>] = []

    package init(_ bytes: [UInt8], limits: FrameLimits = .none) {
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
            position += passedOver()
        }
        if start < position { damage.append(start..<position) }
        return nil
    }

    private func prelude(at start: Int) -> Prelude? {
        guard bytes.count - start >= FrameLayout.smallest,
            let prelude = try? Prelude(decoding: bytes, at: start, limits: limits),
            prelude.frameLength <= bytes.count - start
        else { return nil }
        return prelude
    }

    private func frame(at start: Int) -> (Frame, length: Int)? {
        guard let prelude = prelude(at: start),
            let frame = try? Frame(decoding: bytes, at: start, prelude, limits: limits)
        else { return nil }
        return (frame, prelude.frameLength)
    }

    /// How many bytes of a damaged frame here are passed over: one, as its length may be wrong,
    /// until many bytes have been looked at in vain.
    private mutating func passedOver() -> Int {
        guard let prelude = prelude(at: position) else { return 1 }
        wasted += prelude.frameLength
        return wasted > Self.patience * bytes.count ? prelude.frameLength : 1
    }
}
