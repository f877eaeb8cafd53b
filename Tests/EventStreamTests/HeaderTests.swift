// SPDX-License-Identifier: Apache-2.0

import EventStream
import TestSupport
import Testing

@Suite("Headers") struct HeaderTests {
    static let tenTypes: [(hex: String, value: HeaderValue)] = [
        ("00", .bool(true)),
        ("01", .bool(false)),
        ("02 80", .byte(-128)),
        ("03 8001", .int16(-32_767)),
        ("04 80000001", .int32(-2_147_483_647)),
        ("05 8000000000000001", .int64(-9_223_372_036_854_775_807)),
        ("06 0003 00FF80", .bytes([0, 255, 128])),
        ("07 0004 F09F8CB1", .string("\u{1F331}")),
        ("08 0000018BCFE56800", .timestamp(milliseconds: 1_700_000_000_000)),
        ("09 000102030405060708090A0B0C0D0E0F", .uuid(Array(0..<16))),
    ]

    @Test func `all ten types are read`() throws {
        for (hex, value) in Self.tenTypes {
            let bytes = frame(headers: [2, 0x61, 0x62] + Array(hex: hex), payload: [9])
            let expected = Frame(headers: [Header("ab", value)], payload: [9])
            let read = try decode(bytes)
            #expect(read == [expected], "\(hex)")
            #expect(read.map(\.encodedLength) == [bytes.count], "\(hex)")
        }
    }

    @Test func `all ten types are read side by side`() throws {
        let bytes: [UInt8] = Self.tenTypes.flatMap { [1, 0x61] + [UInt8](hex: $0.hex) }
        let headers = Self.tenTypes.map { Header("a", $0.value) }
        #expect(try decode(frame(headers: bytes)) == [Frame(headers: headers)])
    }

    @Test func `any other type is refused by its number`() {
        for type in UInt8(10)...255 {
            #expect(throws: FrameError.unknownHeaderType(type)) {
                try decode(frame(headers: [1, 0x61, type] + Array(repeating: 0, count: 20)))
            }
        }
        let message = FrameError.unknownHeaderType(10).message
        #expect(message == "a header of type 10, the types are 0 to 9")
    }

    @Test func `a header cut short anywhere is refused, and never borrows from the payload`() {
        for (hex, _) in Self.tenTypes {
            let whole = [2, 0x61, 0x62] + Array(hex: hex)
            for length in 1..<whole.count {
                let bytes = frame(
                    headers: Array(whole[..<length]),
                    payload: Array(whole[length...])
                )
                #expect { try decode(bytes) } throws: { error in
                    guard case .truncatedHeader(let missing) = error as? FrameError else {
                        return false
                    }
                    return 1...whole.count - length ~= missing
                }
            }
        }
        let message = FrameError.truncatedHeader(missing: 3).message
        #expect(message == "a header is cut short by 3 bytes")
    }

    @Test(arguments: ["80", "C0AF", "EDA080", "F5808080", "C3", "E282"])
    func `a name or a text that is not UTF-8 is refused`(hex: String) {
        let bytes = [UInt8](hex: hex)
        #expect(throws: FrameError.invalidUTF8) {
            try decode(frame(headers: [UInt8(bytes.count)] + bytes + [0]))
        }
        #expect(throws: FrameError.invalidUTF8) {
            try decode(frame(headers: [1, 0x61, 7, 0, UInt8(bytes.count)] + bytes))
        }
        #expect(FrameError.invalidUTF8.message == "a header's name or text is not UTF-8")
    }

    @Test func `a value is found under its name in any ASCII case`() {
        #expect(Frame.request.int32(":stream-id") == Int32.max)
        #expect(Frame.request.int32(":Stream-ID") == Int32.max)
        #expect(Frame.request.string("OPERATION") == "example#Grüße")
        #expect(Frame.request.string("operation") == "example#Grüße")
    }

    @Test func `only letters have a case`() {
        let frame = Frame(headers: [Header("@[`{Ä", .int32(1))])
        #expect(frame.int32("@[`{Ä") == 1)
        for other in ["`[`{Ä", "@{`{Ä", "@[@{Ä", "@[`[Ä", "@[`{ä", "@[`{", "@[`{Ä "] {
            #expect(frame.int32(other) == nil, "\(other)")
        }
    }

    @Test func `a value of another type counts as absent`() {
        let frame = Frame(headers: [
            Header("a", .int64(1)), Header("a", .string("1")), Header("A", .int32(2)),
        ])
        #expect(frame.int32("a") == 2)
        #expect(frame.string("a") == "1")
        #expect(Frame(headers: [Header("a", .int64(1))]).int32("a") == nil)
        #expect(Frame(headers: [Header("a", .int32(1))]).string("a") == nil)
        #expect(Frame.empty.int32("a") == nil)
    }
}
