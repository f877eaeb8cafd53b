// SPDX-License-Identifier: Apache-2.0

import StrictJSON
import Testing

@Suite("JSON limits") struct LimitTests {
    let small = JSONLimits(
        maximumBytes: 30,
        maximumDepth: 3,
        maximumMembers: 2,
        maximumElements: 4
    )

    @Test func `the defaults are 64 KiB, 16 levels, 256 members and 4096 elements`() {
        #expect(JSONLimits.default.maximumBytes == 65_536)
        #expect(JSONLimits.default.maximumDepth == 16)
        #expect(JSONLimits.default.maximumMembers == 256)
        #expect(JSONLimits.default.maximumElements == 4096)
    }

    @Test func `a text of the maximum length is taken, one byte more is refused`() {
        #expect(complaint(String(repeating: " ", count: 29) + "1", limits: small) == "")
        let message = "31 bytes, the maximum is 30"
        #expect(complaint(String(repeating: " ", count: 30) + "1", limits: small) == message)
    }

    @Test func `the maximum depth is taken, one level more is refused`() {
        #expect(complaint(#"[{"a":[]},[[]],1]"#, limits: small) == "")
        #expect(complaint(#"[{"a":[[]]}]"#, limits: small) == "byte 7: more than 3 levels deep")
        #expect(complaint(#"[{"a":[{}]}]"#, limits: small) == "byte 7: more than 3 levels deep")
    }

    @Test func `no depth can be had beyond the limit, however long the text`() {
        let limits = JSONLimits(maximumBytes: .max)
        for opening in ["[", #"{"":"#, #"[{"":"#] {
            let text = String(repeating: opening, count: 100_000)
            #expect(complaint(text, limits: limits).hasSuffix("more than 16 levels deep"))
        }
        let sixteen = String(repeating: "[", count: 16) + String(repeating: "]", count: 16)
        #expect(complaint(sixteen) == "")
        #expect(complaint("[\(sixteen)]") == "byte 16: more than 16 levels deep")
    }

    @Test func `the maximum of members is taken, one more is refused`() {
        #expect(complaint(#"{"a":1,"b":2}"#, limits: small) == "")
        #expect(complaint(#"{"a":1,"b":2,"c":3}"#, limits: small) == "byte 13: more than 2 members")
        #expect(complaint(#"[{"a":1,"b":2},{"a":1,"b":2}]"#, limits: small) == "")
    }

    @Test func `the maximum of values is taken in the whole text, where an object counts as eight`()
    {
        let ten = JSONLimits(maximumValues: 10)
        #expect(complaint("[1,[2,3,4],[5,6,7,8]]", limits: ten) == "")
        let message = "more than 10 values"
        #expect(complaint("[1,[2,3,4],[5,6,7,8,9]]", limits: ten).hasSuffix(message))
        #expect(complaint(#"[{"a":1},2]"#, limits: ten) == "")
        #expect(complaint(#"[{"a":1},{"a":1}]"#, limits: ten).hasSuffix(message))
    }

    @Test func `the maximum of elements is taken, one more is refused`() {
        #expect(complaint("[1,2,3,4]", limits: small) == "")
        #expect(complaint("[1,2,3,4,5]", limits: small) == "byte 9: more than 4 elements")
        #expect(complaint("[[1,2,3,4],[1,2,3,4]]", limits: small) == "")
    }
}
