// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@Suite("The specification of the negotiation") struct SpecificationTests {
    private func text(_ path: String) -> String {
        String(decoding: repositoryFile(path), as: UTF8.self)
    }

    @Test func `names only tests that exist`() {
        let page = text("Protocol/negotiation.md")
        let defects = page.split(separator: "## What the Java nucleus").last ?? ""
        let named = defects.matches(of: /`([^`]+)`/).map { String($0.1) }
        let sources = repositoryFiles(in: "Tests/NegotiationTests").map(text).joined()
        #expect(named.count > 20)
        for name in named { #expect(sources.contains("@Test func `\(name)`()"), "\(name)") }
    }
}
