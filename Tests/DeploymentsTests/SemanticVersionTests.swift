// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Deployments

@Suite("A version") struct SemanticVersionTests {
    @Test func `comes behind all that are listed before it`() throws {
        let texts = [
            "0.0.0", "1.0.0-0", "1.0.0-2", "1.0.0-10", "1.0.0-alpha", "1.0.0-alpha.1",
            "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
            "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0",
        ]
        let versions = try texts.map { try #require(SemanticVersion($0)) }
        for (index, version) in versions.enumerated() {
            for (other, earlier) in versions.enumerated() {
                #expect((earlier < version) == (other < index), "\(texts[other]) \(texts[index])")
                #expect((earlier == version) == (other == index))
            }
        }
    }

    @Test func `is the same one with build metadata`() throws {
        let version = try #require(SemanticVersion("1.2.3-beta+build.007"))
        #expect(version == SemanticVersion("1.2.3-beta"))
        #expect(version.text == "1.2.3-beta")
    }

    @Test(arguments: [
        "", "1", "1.2", "1.2.3.4", "v1.2.3", "01.2.3", "1.2.-3", "+1.2.3", "1.2.3-", "1.2.3-01",
        "1.2.3-a..b", "1.2.3+", "1.2.x", "1.2.3 ", "1.2.3\r\n", "1.2.3-é", "１.2.3",
        "1.2.9999999999999999999", "1.2." + String(repeating: "1", count: 300),
    ])
    func `is not what does not have three numbers and a tag as it should be`(text: String) {
        #expect(SemanticVersion(text) == nil)
    }
}
