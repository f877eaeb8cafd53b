// SPDX-License-Identifier: Apache-2.0

import StrictJSON
import TestSupport
import Testing

/// Holds the reader to a public collection; see `json-test-suite.txt`.
@Suite("JSONTestSuite") struct JSONTestSuiteTests {
    let cases: [(name: String, bytes: [UInt8])]

    init() {
        let text = repositoryFile("Tests/StrictJSONTests/json-test-suite.txt")
        cases = text.split(separator: UInt8(ascii: "\n"))
            .map { String(decoding: $0, as: UTF8.self) }
            .filter { !$0.hasPrefix("#") }
            .map { line in
                let parts = line.split(separator: " ", maxSplits: 1)
                return (String(parts[0]), Array(hex: parts.count > 1 ? parts[1] : ""))
            }
    }

    @Test func `what must be taken is taken, but for two members of one name`() {
        let refused = cases("y_").filter { complaint($0.bytes) != "" }.map(\.name)
        #expect(refused == ["y_object_duplicated_key", "y_object_duplicated_key_and_value"])
        #expect(cases("y_").count == 95)
    }

    @Test func `what must be refused is refused`() {
        let taken = cases("n_").filter { complaint($0.bytes) == "" }.map(\.name)
        #expect(taken == [])
        #expect(cases("n_").count == 186)
    }

    @Test func `of what is left to the reader, only numbers are taken`() {
        let taken = cases("i_").filter { complaint($0.bytes) == "" }.map(\.name)
        #expect(taken == cases("i_number_").map(\.name))
        #expect(taken.count == 10)
        #expect(cases("i_").count == 35)
    }

    @Test func `what is taken is written and read again as it was`() throws {
        for (name, bytes) in cases {
            guard let json = try? JSON(decoding: bytes) else { continue }
            #expect(try JSON(decoding: json.encoded()) == json, "\(name)")
        }
    }

    private func cases(_ prefix: String) -> [(name: String, bytes: [UInt8])] {
        cases.filter { $0.name.hasPrefix(prefix) }
    }
}
