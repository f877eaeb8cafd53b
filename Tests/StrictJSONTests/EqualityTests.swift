// SPDX-License-Identifier: Apache-2.0

import StrictJSON
import Testing

@Suite("JSON equality") struct EqualityTests {
    @Test func `the members of an object have no order`() {
        let left: JSON = ["a": 1, "b": ["c": [1, 2], "d": .null]]
        let right: JSON = ["b": ["d": .null, "c": [1, 2]], "a": 1]
        #expect(left == right)
        #expect(left.hashValue == right.hashValue)
        #expect(Set([left, right]).count == 1)
    }

    @Test func `the elements of an array have one`() {
        #expect([1, 2] as JSON != [2, 1])
        #expect([1] as JSON != [1, 1])
    }

    @Test func `no kind equals another`() {
        let all: [JSON] = [.null, false, 0, .number("0.5"), "", [], [:], "0", [0], ["a": 0], true]
        for left in all.indices {
            for right in all.indices { #expect((all[left] == all[right]) == (left == right)) }
        }
        #expect(Set(all).count == all.count)
    }

    @Test func `a member too many, too few or other makes a difference`() {
        let json: JSON = ["a": 1, "b": 2]
        #expect(json != ["a": 1])
        #expect(["a": 1] != json)
        #expect(json != ["a": 1, "b": 3])
        #expect(json != ["a": 1, "c": 2])
        #expect(["a": .null] as JSON != ["b": .null])
    }

    @Test func `texts are compared scalar by scalar`() {
        #expect("\u{E9}" as JSON != "e\u{301}")
        #expect(JSON.Member("\u{E9}", 1) != JSON.Member("e\u{301}", 1))
        #expect(["\u{E9}": 1] as JSON != ["e\u{301}": 1])
    }
}
