// SPDX-License-Identifier: Apache-2.0

import EventStream
import TestSupport
import Testing

@Suite("CRC-32") struct CRC32Tests {
    @Test func `the digits 1 to 9 give the published check value`() {
        #expect(crc32(Array("123456789".utf8).span) == 0xCBF4_3926)
        #expect(crc32([UInt8]().span) == 0)
    }

    @Test func `every length gives what division bit by bit gives`() {
        var dice = SplitMix64(seed: 2)
        for length in 0...100 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &dice) }
            #expect(crc32(bytes.span) == remainder(bytes), "\(length) bytes")
        }
    }

    @Test func `a text in two pieces gives what it gives whole`() {
        let bytes = Array("the quick brown fox jumps over the lazy dog".utf8)
        for cut in 0...bytes.count {
            let first = crc32(bytes.span.extracting(..<cut))
            #expect(crc32(bytes.span.extracting(cut...), continuing: first) == crc32(bytes.span))
        }
    }

    private func remainder(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { state, byte in
            (0..<8).reduce(state ^ UInt32(byte)) { state, _ in
                state >> 1 ^ (state & 1) * 0xEDB8_8320
            }
        }
    }
}
