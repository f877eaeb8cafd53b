// SPDX-License-Identifier: Apache-2.0

/// Finds the frames in a stream of bytes, however the bytes are cut up on their way.
///
/// Append what arrived, then call `next()` until it has no frame to give. Between frames it owns
/// no memory beyond itself. Once it has failed it stays failed: it repeats its error and drops
/// whatever is appended.
package struct FrameDecoder: Hashable, Sendable {
    /// Limits of the frames that have not been asked for yet.
    package var limits: FrameLimits
    private var bytes: [UInt8] = []
    /// Where in `bytes` the next frame starts.
    private var start = 0
    private var failure: FrameError?

    package init(limits: FrameLimits = .default) {
        self.limits = limits
    }

    /// Bytes that wait, of a frame that is not yet whole or not yet asked for.
    package var byteCount: Int { bytes.count - start }

    /// Those bytes.
    package var waitingBytes: [UInt8] { Array(bytes[start...]) }

    package var hasPartialFrame: Bool { byteCount > 0 }

    /// The memory that it owns beyond itself, in bytes.
    package var heldMemory: Int { bytes.capacity }

    package mutating func append(_ more: [UInt8]) {
        guard failure == nil else { return }
        if bytes.isEmpty { bytes = more } else { bytes += more }
    }

    package mutating func append(_ more: Span<UInt8>) {
        guard failure == nil else { return }
        bytes.append(addingCapacity: more.count) { free in
            for index in more.indices { free.append(more[index]) }
        }
    }

    /// The next frame, or `nil` if it needs more bytes.
    package mutating func next() throws(FrameError) -> Frame? {
        if let failure { throw failure }
        do {
            guard let prelude = try wholeFramePrelude() else {
                dropTakenBytes()
                return nil
            }
            let frame = try Frame(decoding: bytes, at: start, prelude, limits: limits)
            start += prelude.frameLength
            if !hasPartialFrame { dropTakenBytes() }
            return frame
        } catch {
            failure = error
            bytes = []
            start = 0
            throw error
        }
    }

    /// The prelude of the frame at `start`, once all of the frame is here.
    private func wholeFramePrelude() throws(FrameError) -> Prelude? {
        guard bytes.count - start >= FrameLayout.prelude else { return nil }
        let prelude = try Prelude(decoding: bytes, at: start, limits: limits)
        return bytes.count - start >= prelude.frameLength ? prelude : nil
    }

    /// Once per drained batch, not once per frame: the rest moves to the front, into memory of
    /// its own size.
    private mutating func dropTakenBytes() {
        guard start > 0 else { return }
        bytes = hasPartialFrame ? Array(bytes[start...]) : []
        start = 0
    }
}
