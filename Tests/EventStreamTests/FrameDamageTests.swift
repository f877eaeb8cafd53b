// SPDX-License-Identifier: Apache-2.0

import EventStream
import Testing

@Suite("A damaged frame") struct FrameDamageTests {
    @Test func `is never taken, whichever bit was flipped`() {
        let whole = Frame.request.encoded()
        for bit in 0..<whole.count * 8 {
            var bytes = whole
            bytes[bit / 8] ^= 1 << (bit % 8)
            // A flipped length may ask for more, so there is more to be had.
            #expect(throws: FrameError.self, "bit \(bit)") { try decode(bytes + whole + whole) }
        }
    }

    @Test func `is not waited for if its prelude is wrong`() {
        let whole = Frame.request.encoded()
        for bit in 0..<12 * 8 {
            var prelude = Array(whole[..<12])
            prelude[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: FrameError.self, "bit \(bit)") { try decode(prelude) }
        }
    }

    @Test func `is not judged before its prelude is whole`() throws {
        let hopeless = [UInt8](repeating: 0xFF, count: 12)
        #expect(try decode(Array(hopeless[..<11])) == [])
        #expect(throws: FrameError.tooLong(0xFFFF_FFFF, maximum: 65_536)) { try decode(hopeless) }
    }

    @Test func `says which checksum is wrong, with both numbers`() throws {
        var bytes = Frame.empty.encoded()
        #expect(bytes == [0, 0, 0, 16, 0, 0, 0, 0, 0x05, 0xC2, 0x48, 0xEB, 0x7D, 0x98, 0xC8, 0xFF])
        bytes[15] = 0
        let error = FrameError.messageChecksum(stated: 0x7D98_C800, computed: 0x7D98_C8FF)
        #expect(throws: error) { try decode(bytes) }
        #expect(error.message == "the frame's checksum is 7d98c800, its bytes give 7d98c8ff")
        bytes[8] = 6
        let first = FrameError.preludeChecksum(stated: 0x06C2_48EB, computed: 0x05C2_48EB)
        #expect(throws: first) { try decode(bytes) }
        #expect(first.message == "the prelude's checksum is 06c248eb, its bytes give 05c248eb")
    }

    @Test func `fails by its length before its checksum, by its checksum before its headers`() {
        let badChecksum: [UInt8] = [0, 0, 0, 0]
        #expect(throws: FrameError.tooLong(65_537, maximum: 65_536)) {
            try decode(bigEndian(65_537) + bigEndian(0) + badChecksum)
        }
        #expect(throws: FrameError.tooShort(15)) {
            try decode(bigEndian(15) + bigEndian(0) + badChecksum)
        }
        #expect(throws: FrameError.preludeChecksum(stated: 0, computed: 0x72C5_787D)) {
            try decode(bigEndian(16) + bigEndian(1) + badChecksum)
        }
        #expect(throws: FrameError.headersTooLong(1, frame: 16)) {
            try decode(Array(frame(headers: [], headersLength: 1)[..<12]))
        }
    }
}
