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

    @Test func `a frame goes behind what is there already`() {
        var bytes: [UInt8] = [1, 2, 3]
        Frame.request.append(to: &bytes)
        #expect(bytes == [1, 2, 3] + Frame.request.encoded())
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
