// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Deployments

@Suite("A range") struct VersionRangeTests {
    /// `Tests/Tools/npm-ranges.py` writes the file. Its first line has the versions.
    @Test func `has the versions that another implementation of npm's ranges finds in it`() throws {
        let text = String(
            decoding: repositoryFile("Tests/DeploymentsTests/npm-ranges.txt"),
            as: UTF8.self
        )
        let lines = text.split(separator: "\n")
        let versions = try lines[0].split(separator: " ").map {
            try #require(SemanticVersion(String($0)))
        }
        for line in lines.dropFirst() {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            let range = VersionRange(String(fields[0]))
            guard fields[1] != "-" else {
                #expect(range == nil, "\(fields[0]) is no range")
                continue
            }
            guard let range else {
                Issue.record("\(fields[0]) is a range")
                continue
            }
            let expected = Set(fields[1].split(separator: " ").map(String.init))
            // Where a comparator stands alone, a nucleus differs from npm: see the next test.
            let isAlone = range.alternatives.contains { $0.count == 1 }
            for version in versions where !(isAlone && version.isPrerelease) {
                let isExpected = expected.contains(version.text)
                #expect(range.contains(version) == isExpected, "\(version.text) in \(fields[0])")
            }
        }
        #expect(lines.count > 300)
    }

    /// The facts are those of semver4j 3.1.0, which a nucleus uses.
    @Test(
        arguments: [
            ("2.0.1", ">2", false), ("3.0.0", ">2", true), ("2.0.1", ">2.0 <3.0", false),
            ("2.0.1", "<=2.0", true), ("1.2.4-beta", "~1.2.3", false),
            ("2.3.4", "1.2.3 - 2.3", true), ("1.0.0-beta", "*", true), ("1.0.0-beta", "", true),
            ("1.0.0-beta", "latest", true), ("2.0.0-beta", ">=1.0.0", true),
            ("2.0.0-beta", ">=1.0.0 <3.0.0", false), ("3.1.5-beta", "3.1.x", false),
            ("1.2.3-beta.4", "~1.2.3-beta.2", true), ("2.3.0-rc1", "1.2.3 - 2.3.0-beta", false),
        ]
    )
    func `accepts what a nucleus does`(version: String, range: String, expected: Bool) throws {
        let range = try #require(VersionRange(range))
        #expect(range.contains(try #require(SemanticVersion(version))) == expected)
    }

    @Test func `accepts a pre-release that another range of the same component names`() throws {
        let beta = try #require(SemanticVersion("1.1.0-beta"))
        let range = try #require(VersionRange("^1.0.0"))
        #expect(!range.contains(beta))
        #expect([range, VersionRange(beta)].allContain(beta))
    }

    @Test(
        arguments: [
            ("~1.2.3", "~"), ("^1.2.3", "^"), ("*", "*"), ("1.x", "x"), ("1.2.3 || 1.2.4", "||"),
            ("1.2.3 - 2.0.0", " - "), ("latest", "latest"),
            ("1.2", "a version with fewer than three numbers"),
            ("=1.2", "a version with fewer than three numbers"),
        ]
    )
    func `that Greengrass Lite cannot read is known`(range: String, unknown: String) {
        #expect(VersionRange(range)?.unknownToLite == unknown)
    }

    @Test(arguments: [">=2.0.3 <2.1.0", "1.2.3", "=1.2.3", "", ">=1.0", "1.2.3-beta"])
    func `that Greengrass Lite can read is left alone`(range: String) throws {
        #expect(try #require(VersionRange(range)).unknownToLite == nil)
    }

    @Test func `of a megabyte is refused, and one of a thousand parts is read`() {
        #expect(VersionRange(String(repeating: "1 ", count: 500_000)) == nil)
        #expect(VersionRange(String(repeating: "1||", count: 341)) != nil)
    }
}
