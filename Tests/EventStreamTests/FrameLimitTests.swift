// SPDX-License-Identifier: Apache-2.0

import EventStream
import Testing

@Suite("Frame limits") struct FrameLimitTests {
    let small = FrameLimits(maximumFrame: 40, maximumHeaders: 2, maximumHeaderValue: 5)

    @Test func `the defaults are 64 KiB, 32 headers and what AWS's runtime takes in one`() {
        #expect(FrameLimits.default.maximumFrame == 65_536)
        #expect(FrameLimits.default.maximumHeaders == 32)
        #expect(FrameLimits.default.maximumHeaderValue == 32_767)
    }

    @Test func `a frame of the maximum length is taken, one byte more is refused at its prelude`()
        throws
    {
        let longest = frame(headers: [], payload: Array(repeating: 7, count: 24))
        #expect(try decode(longest, limits: small).map(\.payload.count) == [24])
        let tooLong = frame(headers: [], payload: Array(repeating: 7, count: 25))
        #expect(throws: FrameError.tooLong(41, maximum: 40)) {
            try decode(Array(tooLong[..<12]), limits: small)
        }
        #expect(
            FrameError.tooLong(41, maximum: 40).message == "a frame of 41 bytes, the maximum is 40"
        )
    }

    @Test func `a frame of 64 KiB is taken by default`() throws {
        let longest = Frame(headers: [], payload: Array(repeating: 7, count: 65_536 - 16))
        #expect(try decode(longest.encoded()) == [longest])
    }

    @Test func `a frame of 16 bytes is taken, one of 15 is refused`() throws {
        #expect(try decode(frame(headers: [])) == [.empty])
        #expect(throws: FrameError.tooShort(15)) { try decode(frame(headers: [], length: 15)) }
        #expect(FrameError.tooShort(15).message == "a frame of 15 bytes, the minimum is 16")
    }

    @Test func `headers may fill the frame, and not one byte more`() throws {
        let header: [UInt8] = [1, 0x61, 0]
        #expect(try decode(frame(headers: header, headersLength: 3)).count == 1)
        let error = FrameError.headersTooLong(4, frame: 19)
        #expect(throws: error) { try decode(frame(headers: header, headersLength: 4)) }
        #expect(error.message == "4 bytes of headers do not fit into a frame of 19")
    }

    @Test func `the maximum of headers is taken, one more is refused`() throws {
        let header: [UInt8] = [1, 0x61, 0]
        #expect(try decode(frame(headers: header + header), limits: small)[0].headers.count == 2)
        let error = FrameError.tooManyHeaders(maximum: 2)
        #expect(throws: error) {
            try decode(frame(headers: header + header + header), limits: small)
        }
        #expect(error.message == "more than 2 headers")
    }

    @Test(arguments: [6, 7] as [UInt8])
    func `a value of the maximum length is taken, one byte more is refused`(type: UInt8) throws {
        let header: [UInt8] = [1, 0x61, type, 0]
        #expect(try decode(frame(headers: header + [5] + "fives".utf8), limits: small).count == 1)
        let error = FrameError.headerValueTooLong(6, maximum: 5)
        #expect(throws: error) {
            try decode(frame(headers: header + [6] + "sixsix".utf8), limits: small)
        }
        #expect(error.message == "a header's value of 6 bytes, the maximum is 5")
    }

    @Test func `a text of 32767 bytes is taken by default, 32768 are refused`() throws {
        let longest = String(repeating: "a", count: 32_767)
        let bytes = Frame(headers: [Header("x", .string(longest))]).encoded()
        #expect(try decode(bytes)[0].string("x") == longest)
        let header = [1, 0x78, 7, 0x80, 0] + Array(repeating: UInt8(0x61), count: 32_768)
        #expect(throws: FrameError.headerValueTooLong(32_768, maximum: 32_767)) {
            try decode(frame(headers: header))
        }
    }

    @Test func `a name of 255 bytes is taken, an empty one is refused`() throws {
        let name = String(repeating: "n", count: 255)
        let bytes = Frame(headers: [Header(name, .int32(1))]).encoded()
        #expect(try decode(bytes)[0].int32(name) == 1)
        #expect(throws: FrameError.unnamedHeader) { try decode(frame(headers: [0, 0])) }
        #expect(FrameError.unnamedHeader.message == "a header without a name")
    }
}
