// SPDX-License-Identifier: Apache-2.0

import EventStream
import Testing

@Suite("A frame that is passed on") struct FrameRelayTests {
    private let frame = Frame(
        headers: [
            Header(":message-flags", .int32(0)), Header("x", .string("é")),
            Header(":Stream-ID", .int32(7)), Header(":stream-id", .int32(8)),
        ],
        payload: Array(0...255)
    )

    private func decoded(_ bytes: [UInt8]) throws -> Frame? {
        var decoder = FrameDecoder()
        decoder.append(bytes)
        return try decoder.next()
    }

    @Test func `has other numbers, wherever its header stands, and is otherwise as it arrived`()
        throws
    {
        var expected = frame
        expected.headers[2].value = .int32(-3)
        expected.headers[3].value = .int32(-3)
        // Behind another frame, as in a batch.
        var decoder = FrameDecoder()
        decoder.append(frame.encoded() + frame.encoded())
        _ = try decoder.next()
        let arrived = try #require(try decoder.next())
        let bytes = arrived.encoded(replacing: [(":stream-id", -3)])
        #expect(try decoded(bytes) == expected)
        #expect(frame.encoded(replacing: [(":stream-id", -3)]) == bytes)
    }

    @Test func `keeps a header of that name and another type`() throws {
        let frame = Frame(headers: [Header(":stream-id", .string("x"))])
        let arrived = try #require(try decoded(frame.encoded()))
        #expect(arrived.encoded(replacing: [(":stream-id", 1)]) == frame.encoded())
    }

    @Test func `is known by headers that only some read`() throws {
        #expect(try decoded(frame.encoded())?.hasOnlyCommonHeaders == true)
        // One header, "x", of type 0: true.
        #expect(try decoded(rareFrame)?.hasOnlyCommonHeaders == false)
    }

    private var rareFrame: [UInt8] {
        let lengths: [UInt8] = [0, 0, 0, 19, 0, 0, 0, 3]
        let prelude = lengths + bigEndian(crc32(lengths.span))
        let bytes = prelude + [1, UInt8(ascii: "x"), 0]
        return bytes + bigEndian(crc32(bytes.span))
    }

    private func bigEndian(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
    }
}
