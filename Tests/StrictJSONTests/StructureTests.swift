// SPDX-License-Identifier: Apache-2.0

import StrictJSON
import Testing

@Suite("JSON structure") struct StructureTests {
    static let everything = #"""
         { "a" : [ null , true,false , -12.5e+3, "x\u00e9\ud83c\udf31\n" ],"b":{"":{}, "é":[]} }
        """#

    @Test func `every kind of value is read`() throws {
        let expected: JSON = [
            "a": [.null, true, false, -12_500, "xé\u{1F331}\n"],
            "b": ["": [:], "é": []],
        ]
        #expect(try read(Self.everything) == expected)
    }

    @Test func `a text cut short anywhere is refused`() {
        let bytes = Array(Self.everything.utf8)
        for length in 0..<bytes.count {
            #expect(complaint(bytes[..<length]) != "", "\(length) bytes")
        }
    }

    @Test func `space may stand around any value, but only JSON's own`() throws {
        #expect(try read(" \t\r\n[ \t\r\n1 \t\r\n, \t\r\n2 \t\r\n] \t\r\n") == [1, 2])
        for space in ["\u{B}", "\u{C}", "\u{A0}", "\u{2003}", "\u{FEFF}", "\0"] {
            #expect(
                complaint("[1,\(space)2]").hasPrefix("byte 3: expected a value, found the byte")
            )
            #expect(complaint("[1]\(space)").hasPrefix("byte 3: expected the end, found the byte"))
        }
    }

    @Test(arguments: [
        ("", "byte 0: expected a value, found the end"),
        ("  ", "byte 2: expected a value, found the end"),
        ("1 2", "byte 2: expected the end, found 2"),
        ("{}}", "byte 2: expected the end, found }"),
        ("tru", "byte 0: expected a value, found t"),
        ("True", "byte 0: expected a value, found T"),
        ("truefalse", "byte 4: expected the end, found f"),
        ("[1,]", "byte 3: expected a value, found ]"),
        ("[,1]", "byte 1: expected a value, found ,"),
        ("[1 2]", "byte 3: expected a comma or ], found 2"),
        ("[1}", "byte 2: expected a comma or ], found }"),
        ("{\"a\":1,}", "byte 7: expected a name in quotes, found }"),
        ("{a:1}", "byte 1: expected a name in quotes, found a"),
        ("{1:1}", "byte 1: expected a name in quotes, found 1"),
        ("{\"a\" 1}", "byte 5: expected a colon, found 1"),
        ("{\"a\":}", "byte 5: expected a value, found }"),
        ("{\"a\":1]", "byte 6: expected a comma or }, found ]"),
        ("[1] // why", "byte 4: expected the end, found /"),
        ("\u{1}", "byte 0: expected a value, found the byte 01"),
        ("\u{FEFF}{}", "byte 0: a byte order mark is not JSON"),
    ])
    func `a mistake is refused where it is`(text: String, message: String) {
        #expect(complaint(text) == message)
    }

    @Test func `two members of one name are refused, however it is spelt`() throws {
        #expect(complaint(#"{"a":1,"a":1}"#) == #"byte 7: a second member named "a""#)
        #expect(complaint(#"{"a":1,"b":2,"\u0061":3}"#) == #"byte 13: a second member named "a""#)
        #expect(complaint(#"{"":1,"":2}"#) == #"byte 6: a second member named """#)
        #expect(complaint(#"{"a":{"b":1,"b":2}}"#) == #"byte 12: a second member named "b""#)
        #expect(try read(#"{"a":{"a":1},"A":2}"#)["a"] == ["a": 1])
    }

    @Test(arguments: ["n", "\u{301}", "\\n"])
    func `a long name is not repeated whole`(piece: String) {
        let name = String(repeating: piece, count: 1000)
        #expect(complaint(#"{"\#(name)":1,"\#(name)":2}"#).utf8.count < 200)
    }

    @Test func `names that only look alike are two names`() throws {
        let json = try read(#"{"\u00e9":1,"e\u0301":2}"#)
        #expect(json["\u{E9}"] == 1)
        #expect(json["e\u{301}"] == 2)
    }
}
