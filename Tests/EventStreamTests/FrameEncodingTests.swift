// SPDX-License-Identifier: Apache-2.0

import EventStream
import TestSupport
import Testing

@Suite("Frame encoding") struct FrameEncodingTests {
    @Test func `a frame comes back as it went`() throws {
        #expect(try decode(Frame.request.encoded()) == [.request])
    }

    @Test func `an accepted connection's acknowledgement is these 71 bytes`() {
        let acknowledgement = Frame(headers: [
            Header(":message-type", .int32(5)),
            Header(":message-flags", .int32(1)),
            Header(":stream-id", .int32(0)),
        ])
        let hex = """
            00000047 00000037 374cfe3f \
            0d 3a6d6573736167652d74797065 04 00000005 \
            0e 3a6d6573736167652d666c616773 04 00000001 \
            0a 3a73747265616d2d6964 04 00000000 \
            e237e27d
            """
        #expect(acknowledgement.encoded() == Array(hex: hex))
    }

    @Test func `a frame goes behind what is there already`() throws {
        var frames = FrameWriter()
        for payload in [[1, 2, 3], []] as [[UInt8]] {
            frames.begin()
            frames.header("n", 7)
            frames.header("text", "é")
            frames.end(payload: payload)
        }
        let headers = [Header("n", .int32(7)), Header("text", .string("é"))]
        let one = Frame(headers: headers, payload: [1, 2, 3]).encoded()
        #expect(frames.bytes == one + Frame(headers: headers).encoded())
        #expect(try decode(frames.bytes).map(\.payload) == [[1, 2, 3], []])
    }

    @Test func `more headers go between those of a frame and its payload`() {
        var (frames, more) = (FrameWriter(), FrameWriter())
        frames.begin()
        frames.end(payload: [9])
        frames.begin()
        frames.header("n", 7)
        frames.payload { $0 += [1, 2, 3] }
        more.header("text", "é")
        frames.insertHeaders(of: more)
        frames.end()
        let headers = [Header("n", .int32(7)), Header("text", .string("é"))]
        let last = Frame(headers: headers, payload: [1, 2, 3]).encoded()
        #expect(frames.bytes == Frame(headers: [], payload: [9]).encoded() + last)
    }

    @Test func `a header that AWS's C SDK could not read is a mistake of ours`() async {
        await #expect(processExitsWith: .failure) {
            _ = Frame(headers: [Header("a", .int64(1))]).encoded()
        }
    }

    @Test func `a name without a byte, or with 256, is a mistake of ours`() async {
        await #expect(processExitsWith: .failure) {
            _ = Frame(headers: [Header("", .int32(1))]).encoded()
        }
        await #expect(processExitsWith: .failure) {
            _ = Frame(headers: [Header(String(repeating: "n", count: 256), .int32(1))]).encoded()
        }
    }

    @Test func `a text that a peer would not take is a mistake of ours`() async {
        await #expect(processExitsWith: .failure) {
            let text = String(repeating: "a", count: 32_768)
            _ = Frame(headers: [Header("a", .string(text))]).encoded()
        }
    }
}
