// SPDX-License-Identifier: Apache-2.0

import StrictJSON
import Testing

@Suite("JSON members") struct MemberTests {
    let json: JSON = [
        "text": "a", "number": 5, "flag": true, "nothing": .null, "list": ["x", "y"],
        "mixed": ["x", 1], "inner": ["a": 1], "half": .number("1.5"), "huge": .number("1e30"),
    ]

    @Test func `each kind is read by its name`() throws {
        #expect(try json.string("text") == "a")
        #expect(try json.integer("number") == 5)
        #expect(try json.bool("flag") == true)
        #expect(try json.strings("list") == ["x", "y"])
        #expect(try json.object("inner") == ["a": 1])
        #expect(json["nothing"] == .null)
        #expect(json["absent"] == nil)
    }

    @Test(arguments: ["absent", "nothing"])
    func `absent and null both read as nothing`(name: String) throws {
        #expect(try json.string(name) == nil)
        #expect(try json.integer(name) == nil)
        #expect(try json.bool(name) == nil)
        #expect(try json.strings(name) == nil)
        #expect(try json.object(name) == nil)
    }

    @Test func `a member of another kind is an error that names it`() {
        expect("number: expected a string, found a number") { try json.string("number") }
        expect("inner: expected a string, found an object") { try json.string("inner") }
        expect("half: expected a string, found a number") { try json.string("half") }
        expect("text: expected an integer, found a string") { try json.integer("text") }
        expect("number: expected a boolean, found a number") { try json.bool("number") }
        expect("flag: expected an array, found a boolean") { try json.strings("flag") }
        expect("list: expected an object, found an array") { try json.object("list") }
        expect("mixed[1]: expected a string, found a number") { try json.strings("mixed") }
        let withNull: JSON = ["list": [.null]]
        expect("list[0]: expected a string, found null") { try withNull.strings("list") }
    }

    @Test func `a number that is no integer of 64 bits is refused by name`() {
        expect("half: 1.5 is not an integer") { try json.integer("half") }
        expect("huge: 1e30 does not fit into 64 bits") { try json.integer("huge") }
        let over: JSON = ["ms": .number("9223372036854775808")]
        expect("ms: 9223372036854775808 does not fit into 64 bits") { try over.integer("ms") }
        let long: JSON = ["ms": .number("1." + String(repeating: "3", count: 1000))]
        let shown = "1." + String(repeating: "3", count: 62) + "..."
        expect("ms: \(shown) is not an integer") { try long.integer("ms") }
    }

    @Test(arguments: [.null, [], "a", 1] as [JSON])
    func `only an object has members`(json: JSON) {
        #expect(json["a"] == nil)
        #expect(throws: JSONError.self) { try json.string("a") }
        #expect(throws: JSONError.self) { try json.integer("a") }
    }

    @Test func `what stands where an object should is named`() {
        expect("expected an object, found an array") { try JSON.array([]).bool("a") }
    }

    private func expect(_ message: String, of body: () throws -> Any?) {
        #expect { _ = try body() } throws: { ($0 as? JSONError)?.message == message }
    }
}
