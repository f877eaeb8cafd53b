// SPDX-License-Identifier: Apache-2.0

import EventStream
import TestSupport
import Testing

@Suite("Frame decoder") struct FrameDecoderTests {
    let two = Frame.request.encoded() + Frame.empty.encoded()

    @Test func `two frames are found wherever their bytes are cut in two`() throws {
        for cut in 0...two.count {
            var decoder = FrameDecoder()
            decoder.append(Array(two[..<cut]))
            var frames = try decoder.drain()
            decoder.append(Array(two[cut...]))
            frames += try decoder.drain()
            #expect(frames == [.request, .empty], "cut at \(cut)")
            #expect(!decoder.hasPartialFrame)
        }
    }

    @Test func `two frames are found byte by byte, each with its last byte`() throws {
        var decoder = FrameDecoder()
        var found: [Int: Frame] = [:]
        for (index, byte) in two.enumerated() {
            decoder.append([byte].span)
            if let frame = try decoder.next() { found[index + 1] = frame }
        }
        #expect(found == [two.count - 16: .request, two.count: .empty])
    }

    @Test func `many frames in one piece come out in order, with the rest kept`() throws {
        let frames = (0..<5000).map { Frame(headers: [Header("n", .int32(Int32($0)))]) }
        var bytes = frames.flatMap { $0.encoded() }
        bytes += Frame.request.encoded().dropLast()
        var decoder = FrameDecoder()
        decoder.append(bytes.span)
        #expect(try decoder.drain() == frames)
        #expect(decoder.hasPartialFrame)
        decoder.append([Frame.request.encoded().last ?? 0])
        #expect(try decoder.drain() == [.request])
    }

    @Test func `frames of all sizes survive pieces of all sizes`() throws {
        var dice = SplitMix64(seed: 1)
        for _ in 0..<50 {
            let frames = (0..<20).map { _ in Frame.random(using: &dice) }
            var rest = frames.flatMap { $0.encoded() }[...]
            var decoder = FrameDecoder()
            var found: [Frame] = []
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 1...700, using: &dice))
                rest = rest.dropFirst(piece.count)
                decoder.append(Array(piece))
                found += try decoder.drain()
            }
            #expect(found == frames)
        }
    }

    @Test func `nothing is held between frames, and little within one`() throws {
        #expect(MemoryLayout<FrameDecoder>.size <= 64)
        var decoder = FrameDecoder()
        decoder.append(Array(repeatElement(two, count: 100).joined()))
        while (try decoder.next()) != nil {}
        #expect(decoder.heldMemory == 0)
        decoder.append(Array(repeatElement(two, count: 100).joined()) + two.prefix(20))
        while (try decoder.next()) != nil {}
        #expect(decoder.heldMemory < 100)
        var fresh = FrameDecoder()
        fresh.append(Array(two.prefix(20)))
        #expect(decoder == fresh)
    }

    @Test func `the last frame leaves nothing behind even if nobody asks again`() throws {
        var decoder = FrameDecoder()
        decoder.append(Frame.request.encoded())
        #expect(try decoder.next() == .request)
        #expect(decoder.heldMemory == 0)
    }

    @Test func `a decoder that failed stays failed and takes nothing more`() throws {
        var decoder = FrameDecoder()
        decoder.append(Frame.request.encoded() + frame(headers: [0]))
        #expect(try decoder.next() == .request)
        for _ in 0..<3 {
            #expect(throws: FrameError.unnamedHeader) { try decoder.next() }
            decoder.append(two)
            decoder.append(two.span)
            #expect(decoder.heldMemory == 0)
            #expect(!decoder.hasPartialFrame)
        }
    }
}
