// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@Suite("The repository is tidy") struct TidyTests {
    static let files =
        ["Sources", "Tests", "Samples", "Protocol", "Packaging", "Permit"]
        .flatMap { repositoryFiles(in: $0) }
        + ["Package.swift", ".ci/run"]

    static let manifest = Manifest(text(of: "Package.swift"))

    static func text(of path: String) -> String {
        String(decoding: repositoryFile(path), as: UTF8.self)
    }

    @Test(arguments: Rule.all.map(\.name))
    func `every file keeps the rule`(name: String) throws {
        let rule = try #require(Rule.all.first { $0.name == name })
        try expect(rule)
    }

    /// A target of C has no imports to check.
    static let swiftTargets = manifest.targets.filter { target in
        files.contains { target.imports.governs($0) }
    }

    @Test(arguments: swiftTargets.map(\.name))
    func `every target imports what the manifest says`(name: String) throws {
        let target = try #require(Self.manifest.targets.first { $0.name == name })
        try expect(target.imports)
    }

    private func expect(_ rule: Rule) throws {
        let governed = Self.files.filter(rule.governs)
        try #require(!governed.isEmpty, "the rule governs nothing")
        for path in governed {
            for complaint in rule.complaints(about: Self.text(of: path)) {
                Issue.record("\(path):\(complaint.line): \(complaint.text)")
            }
        }
    }
}
