// SPDX-License-Identifier: Apache-2.0

import EventStream
import TestSupport
import Testing

@Suite("A search for frames", .serialized) struct FrameSearchTests {
    private func found(_ bytes: [UInt8]) -> (frames: [Frame], damage: [Range<Int>]) {
        var search = FrameSearch(bytes)
        var frames: [Frame] = []
        while let frame = search.next() { frames.append(frame) }
        return (frames, search.damage)
    }

    private static let frames = (0..<24).map { number in
        Frame(
            headers: [Header("number", .int32(Int32(number)))],
            payload: [UInt8](repeating: UInt8(number), count: number * number)
        )
    }

    @Test func `finds every whole frame behind damage, wherever it is`() {
        let parts = Self.frames.map { $0.encoded() }
        let bytes = parts.flatMap(\.self)
        var start = 0
        for (number, part) in parts.enumerated() {
            for place in stride(from: start, to: start + part.count, by: 7) {
                var damaged = bytes
                damaged[place] ^= 0x10
                let (frames, damage) = found(damaged)
                #expect(frames.count == Self.frames.count - 1)
                #expect(frames.map { $0.int32("number") }.contains(Int32(number)) == false)
                #expect(damage == [start..<start + part.count])
            }
            start += part.count
        }
    }

    /// Preludes with good checksums, each of a frame up to the end, whose own checksum is wrong.
    private func preludes(_ count: Int) -> [UInt8] {
        (0..<count).flatMap { place -> [UInt8] in
            let length = UInt32(12 * (count - place) + 16)
            let start = bigEndian(length) + bigEndian(0)
            return start + bigEndian(crc32(start.span))
        } + [UInt8](repeating: 0xAA, count: 16)
    }

    private func bigEndian(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
    }

    @Test func `takes time in proportion to the bytes, also where each begins a long frame`() {
        let last = Frame(headers: [Header("number", .int32(7))])
        let few = preludes(1_000) + last.encoded()
        let many = preludes(4_000) + last.encoded()
        let isInProportion = takesLess(
            than: 8,
            times: { #expect(found(few).frames.count == 1) },
            { #expect(found(many).frames.count == 1) }
        )
        #expect(isInProportion, "four times the bytes")
    }
}
