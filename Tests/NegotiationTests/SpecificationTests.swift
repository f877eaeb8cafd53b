// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite struct `The specification of the negotiation` {
    @Test func `names only tests that exist`() throws {
        let tests = URL(filePath: #filePath).deletingLastPathComponent()
        let page = tests.deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Protocol/negotiation.md")
        let defects =
            try String(contentsOf: page, encoding: .utf8)
            .split(separator: "## What the Java nucleus").last ?? ""
        let named = defects.matches(of: /`([^`]+)`/).map { String($0.1) }
        var sources = ""
        for file in try FileManager.default.contentsOfDirectory(atPath: tests.path) {
            sources += try String(contentsOf: tests.appending(path: file), encoding: .utf8)
        }
        #expect(named.count > 20)
        for name in named { #expect(sources.contains("@Test func `\(name)`()"), "\(name)") }
    }
}
