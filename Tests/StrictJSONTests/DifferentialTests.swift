// SPDX-License-Identifier: Apache-2.0

import StrictJSON
import TestSupport
import Testing

/// The other half of `Tests/Tools/json-differential.py`.
@Suite("JSON beside Python") struct DifferentialTests {
    static let cases = environment("REPRIEVE_JSON_CASES")

    @Test(.enabled(if: cases != nil, "the texts come from Tests/Tools/json-differential.py"))
    func `Python reads the same`() throws {
        let lines = file(try #require(Self.cases)).split(separator: UInt8(ascii: "\n"))
        #expect(!lines.isEmpty)
        for line in lines {
            let parts = String(decoding: line, as: UTF8.self)
                .split(separator: " ", omittingEmptySubsequences: false)
            let expected: [UInt8]? = parts[1] == "-" ? nil : Array(hex: parts[1])
            let json = try? JSON(decoding: Array(hex: parts[0]))
            #expect(json?.encoded() == expected, "\(parts[0])")
        }
    }
}
