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

    @Test func `has each sentence that a test of the page is named after`() {
        let pages = repositoryFiles(in: "Protocol").filter { $0.hasSuffix(".md") }
        let specification = pages.map { plain(text($0)) }.joined()
        let files = repositoryFiles(in: "Tests/NegotiationTests")
        let tests = files.filter { $0.contains("PageAgreement") }.map(text).joined()
        let names = tests.matches(of: /func `([^`]+)`/).map { String($0.1) }
        #expect(names.count > 30)
        for name in names { #expect(specification.contains(name), "\(name)") }
    }

    /// Without line ends and marks of code.
    private func plain(_ page: String) -> String {
        page.filter { $0 != "`" }.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
