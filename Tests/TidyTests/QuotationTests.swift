// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@Suite("The documentation") struct DocumentationTests {
    private static let pages =
        repositoryFiles(in: "Sources").filter { $0.hasSuffix(".md") } + ["README.md"]

    private static let samples = repositoryFiles(in: "Samples")
        .filter { $0.hasSuffix(".swift") }
        .map { text(of: $0) }

    private static func text(of path: String) -> String {
        String(decoding: repositoryFile(path), as: UTF8.self)
    }

    @Test(arguments: pages)
    func `shows no Swift but that of a sample, which is compiled`(page: String) {
        for quotation in Quotation.all(in: Self.text(of: page)) {
            let isQuoted = Self.samples.contains { quotation.occurs(in: $0) }
            #expect(isQuoted, "\(page):\(quotation.line): no sample says this")
        }
    }

    @Test(arguments: ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"])
    func `names only files that exist`(page: String) {
        let files =
            ["Sources", "Tests", "Samples", "Protocol", "Packaging", "Permit"]
            .flatMap { repositoryFiles(in: $0) } + ["Package.swift"]
        let named = Self.text(of: page)
            .matches(of: #/`([\w/+.-]+\.(?:swift|py|md|json|sh|txt|catalog))`/#)
            .map { String($0.1) }
        for name in named {
            let exists = files.contains { $0 == name || $0.hasSuffix("/" + name) }
            #expect(exists, "\(page): there is no \(name)")
        }
    }

    @Test func `shows some`() {
        let shown = Self.pages.flatMap { Quotation.all(in: Self.text(of: $0)) }
        #expect(shown.count > 3)
    }
}

@Suite("A quotation") struct QuotationTests {
    private let page = """
        Text.

        ```swift
        let a = 1

        a.run()
        ```
        ```sh
        swift build
        ```
        """

    @Test func `is what stands in a block of Swift`() throws {
        let quotation = try #require(Quotation.all(in: page).first)
        #expect(Quotation.all(in: page).count == 1)
        #expect(quotation.line == 3)
        #expect(quotation.code == ["let a = 1", "a.run()"])
    }

    @Test func `occurs where its lines do, in order, however indented`() throws {
        let quotation = try #require(Quotation.all(in: page).first)
        #expect(quotation.occurs(in: "{\n    let a = 1\n    let b = 2\n    a.run()\n}\n"))
        #expect(!quotation.occurs(in: "a.run()\nlet a = 1\n"))
        #expect(!quotation.occurs(in: "let a = 1\na.run(2)\n"))
        #expect(!quotation.occurs(in: "let a = 1\n"))
    }
}
