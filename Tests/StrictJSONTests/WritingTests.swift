// SPDX-License-Identifier: Apache-2.0

import StrictJSON
import TestSupport
import Testing

@Suite("Writing JSON") struct WritingTests {
    @Test func `a value is written without spaces, its members in their order`() {
        let json: JSON = ["b": [1, -2, .number("1.50"), .null, true, false], "a": [:], "c": []]
        #expect(written(json) == #"{"b":[1,-2,1.50,null,true,false],"a":{},"c":[]}"#)
    }

    @Test func `only quotes, backslashes and control characters are escaped`() {
        #expect(written("a\"b\\c/d") == #""a\"b\\c/d""#)
        #expect(written("\u{8}\t\n\u{C}\r") == #""\b\t\n\f\r""#)
        #expect(
            written("\0\u{1}\u{B}\u{F}\u{10}\u{1F}") == #""\u0000\u0001\u000b\u000f\u0010\u001f""#
        )
        #expect(written(" ~\u{7F}é\u{2028}🌱") == "\" ~\u{7F}é\u{2028}🌱\"")
        #expect(written(["\n": 1]) == #"{"\n":1}"#)
    }

    @Test func `the smallest and the largest integer are written`() {
        #expect(
            written([.integer(.min), .integer(.max)])
                == "[-9223372036854775808,9223372036854775807]"
        )
    }

    @Test func `a value goes behind what is there already`() {
        var bytes = Array("x".utf8)
        JSON.array([1]).append(to: &bytes)
        #expect(bytes == Array("x[1]".utf8))
    }

    @Test func `an object that is written member by member is the same text`() {
        var object = ObjectWriter()
        object.member("text", "a\n{")
        object.member("none", String?.none)
        object.member("no number", Int64?.none)
        object.member("texts", ["[", "", "b\\"])
        object.member("no texts", [String]())
        object.member("integers", [.min, -1, 0, 10, .max])
        object.member("flag", false)
        object.open("elements", "[")
        for name in ["a{", "b"] {
            object.openElement()
            object.member(name, Int64(1))
            object.open("inner", "{")
            object.close("}")
            object.close("}")
        }
        object.close("]")
        object.member("last", true)
        let json: JSON = [
            "text": "a\n{", "texts": ["[", "", "b\\"], "no texts": [],
            "integers": [.integer(.min), -1, 0, 10, .integer(.max)], "flag": false,
            "elements": [["a{": 1, "inner": [:]], ["b": 1, "inner": [:]]], "last": true,
        ]
        #expect(object.finished() == json.encoded())
        #expect(ObjectWriter().finished() == Array("{}".utf8))
    }

    @Test func `whatever is written is read as it was`() throws {
        var dice = SplitMix64(seed: 3)
        for round in 0..<2000 {
            let json = JSON.random(depth: 4, using: &dice)
            let bytes = json.encoded()
            #expect(try JSON(decoding: bytes) == json, "round \(round)")
            #expect(try JSON(decoding: bytes).encoded() == bytes, "round \(round)")
        }
    }

    @Test func `no damage to what was written brings the reader down`() {
        var dice = SplitMix64(seed: 4)
        for _ in 0..<2000 {
            var bytes = JSON.random(depth: 4, using: &dice).encoded()
            for _ in 0...dice.next() % 3 {
                bytes[Int.random(in: bytes.indices, using: &dice)] = UInt8.random(
                    in: 0...255,
                    using: &dice
                )
            }
            guard let json = try? JSON(decoding: bytes) else { continue }
            #expect(throws: Never.self) { try #expect(JSON(decoding: json.encoded()) == json) }
        }
    }
}
