// SPDX-License-Identifier: Apache-2.0

import StrictJSON
import TestSupport
import Testing

@Suite("JSON texts") struct TextTests {
    @Test(arguments: [
        (#""""#, ""),
        (#""plain""#, "plain"),
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
        (#""a\nb\u0041c""#, "a\nbAc"),
        (#""\u0000\u001f\u00E9\u20ac""#, "\0\u{1F}é€"),
        (#""\ud83c\udf31\uDBFF\uDFFF\uD800\uDC00""#, "\u{1F331}\u{10FFFF}\u{10000}"),
        (#""\ud7ff\ue000\uffff""#, "\u{D7FF}\u{E000}\u{FFFF}"),
        (#""Grüße, 世界 🌱\n""#, "Grüße, 世界 🌱\n"),
        ("\"\u{7F}\u{85}\u{2028}\"", "\u{7F}\u{85}\u{2028}"),
        (#""\\u0041""#, #"\u0041"#),
    ])
    func `what is escaped and what is not both come out as meant`(
        text: String,
        meaning: String
    ) throws {
        #expect(try read(text) == .string(meaning))
    }

    @Test(arguments: [
        #"\ud800"#, #"\udfff"#, #"\ud800x"#, #"\ud800\n"#, #"\ud800\u0041"#, #"\ud800\ud800"#,
        #"\udc00\ud800"#, #"\udc00\u12"#, #"\ud83c \udf31"#,
    ])
    func `half of a surrogate pair is refused`(text: String) {
        #expect(complaint("\"..\(text)\"") == "byte 3: half of a surrogate pair")
    }

    @Test(arguments: [
        #"\u"#, #"\u1"#, #"\u12"#, #"\u123"#, #"\u123g"#, #"\u+123"#, #"\u 123"#, #"\ud800\u12"#,
        #"\u００４１"#,
    ])
    func `an escape needs four hexadecimal digits`(text: String) {
        #expect(complaint("\"\(text)\"").contains("expected a hexadecimal digit"))
    }

    @Test(arguments: ["a", "v", "x41", "U0041", "'", "0", " ", "\n", "é"])
    func `no other letter can be escaped`(letter: String) {
        #expect(
            complaint("\"\\\(letter)\"").hasPrefix(#"byte 2: expected one of "\/bfnrtu, found"#)
        )
    }

    @Test func `control characters must be escaped`() {
        for byte in UInt8(0)..<0x20 {
            let bytes: [UInt8] = [0x22, 0x61, byte, 0x22]
            #expect(complaint(bytes) == "byte 2: a control character, \(byte), is not escaped")
        }
    }

    @Test(arguments: [
        "80", "BF", "C0AF", "C1BF", "C3", "C328", "E08080", "E09FBF", "E282", "EDA080", "EDBFBF",
        "F08FBFBF", "F0908D", "F4908080", "F5808080", "F8888080 80", "FE", "FF",
    ])
    func `what is not UTF-8 is refused where it starts`(hex: String) {
        let bytes = Array("\"é".utf8) + Array(hex: hex) + Array("\"".utf8)
        #expect(complaint(bytes) == "byte 3: not UTF-8")
        let escaped = Array("\"\\n".utf8) + Array(hex: hex) + Array("\"".utf8)
        #expect(complaint(escaped) == "byte 3: not UTF-8")
        let name = Array("{\"ab".utf8) + Array(hex: hex) + Array("\":1}".utf8)
        #expect(complaint(name) == "byte 4: not UTF-8")
    }

    @Test func `a character cannot be made of bytes and an escape`() {
        #expect(complaint([0x22, 0xC3] + #"\u00A9""#.utf8) == "byte 1: not UTF-8")
    }

    @Test func `a text without its closing quote is refused`() {
        #expect(complaint("\"abc") == "byte 4: expected a closing quote, found the end")
        #expect(complaint("\"abc\\\"") == "byte 6: expected a closing quote, found the end")
        #expect(complaint("'abc'") == "byte 0: expected a value, found '")
    }
}
