// SPDX-License-Identifier: Apache-2.0

import Testing

/// A rule that cannot be broken proves nothing, so each is shown a text that breaks it.
@Suite("The rules of tidiness") struct RuleTests {
    private static let licence = "// SPDX-License-Identifier: Apache-2.0\n"

    private func lines(_ rule: Rule, _ text: String) -> [Int] {
        rule.complaints(about: text).map(\.line)
    }

    @Test func `a file without its licence is found`() {
        #expect(lines(.licence, "import Glibc\n") == [1])
        #expect(lines(.licence, "\n\n" + Self.licence) == [1])
        #expect(lines(.licence, Self.licence).isEmpty)
        #expect(lines(.licence, "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n").isEmpty)
        #expect(Rule.licence.governs("Tests/run.sh") && Rule.licence.governs(".ci/run"))
    }

    @Test func `a file of 301 lines is found`() {
        #expect(lines(.length, String(repeating: "\n", count: 301)) == [301])
        #expect(lines(.length, String(repeating: "\n", count: 300)).isEmpty)
    }

    @Test func `a line of 101 columns is found, in characters`() {
        #expect(lines(.width, "\n" + String(repeating: "é", count: 101)) == [2])
        #expect(lines(.width, String(repeating: "é", count: 100)).isEmpty)
    }

    @Test(arguments: ["ho" + "me", "ro" + "ot", "Us" + "ers", "wo" + "rk"])
    func `a path of one machine is found`(folder: String) {
        #expect(lines(.noMachine, "cd /\(folder)/me") == [1])
        #expect(lines(.noMachine, "cd /run/reprieve").isEmpty)
    }

    @Test(arguments: ["import Foundation", "internal import FoundationEssentials"])
    func `an import of Foundation is found`(line: String) {
        #expect(lines(.noFoundation, Self.licence + line) == [2])
        #expect(lines(.noFoundation, "// no " + line).isEmpty)
        #expect(Rule.noFoundation.governs("Sources/A/B.swift"))
    }

    @Test func `Swift's concurrency in the daemon is found`() {
        #expect(lines(.noConcurrency, "a\nlet end = ContinuousClock.now + limit") == [2])
        #expect(lines(.noConcurrency, "func run() async {") == [1])
        #expect(lines(.noConcurrency, "sd_bus_call_async(bus) // no Task waits").isEmpty)
        #expect(Rule.noConcurrency.governs("Sources/Systemd/LockFile.swift"))
        #expect(!Rule.noConcurrency.governs("Sources/Reprieve/Updates.swift"))
    }

    @Test func `a text that the daemon goes through by Character is found`() {
        #expect(lines(.noCharacters, "text.map { $0.isNewline ? \" \" : $0 }") == [1])
        #expect(lines(.noCharacters, "/// By `Character`\nlet all: [Character]") == [2])
        #expect(lines(.noCharacters, "text.utf8.map { $0.isLineBreak }").isEmpty)
        #expect(Rule.noCharacters.governs("Sources/Systemd/Process/Journal.swift"))
        #expect(!Rule.noCharacters.governs("Sources/reprieve-cli/Gate/GateReport.swift"))
    }

    @Test func `a path that is not given to the kernel as its bytes is found`() {
        #expect(lines(.rawPaths, "a\nguard lstat(path, &status) == 0 else {") == [2])
        #expect(lines(.rawPaths, "where access(\"\\(path).1\", F_OK) != 0 {") == [1])
        #expect(lines(.rawPaths, "unlink(path.rawCString)\nvar status = stat()").isEmpty)
        #expect(lines(.rawPaths, "found.rename(path)\nfstat(file, &status)").isEmpty)
        #expect(Rule.rawPaths.governs("Sources/Systemd/Files/File.swift"))
    }

    @Test func `a test that sleeps is found`() {
        #expect(lines(.noSleep, "try await Task.sl" + "eep(for: .seconds(1))") == [1])
        #expect(lines(.noSleep, "    usl" + "eep(1)") == [1])
        #expect(lines(.noSleep, "time.sl" + "eep(1)") == [1])
        #expect(lines(.noSleep, "daemon.sleep(.seconds(1))").isEmpty)
    }

    @Test func `a public enum that can get no further case is found`() {
        #expect(lines(.openEnums, "a\n    public enum Code {") == [2])
        #expect(lines(.openEnums, "    @nonexhaustive\n    public enum Code {").isEmpty)
        #expect(lines(.openEnums, "package enum Code {").isEmpty)
    }

    @Test func `an equality that may leave out a field is found`() {
        #expect(lines(.noOwnEquality, "a\n    package static func == (one: A") == [2])
        #expect(Rule.noOwnEquality.governs("Sources/Negotiation/Update.swift"))
        #expect(!Rule.noOwnEquality.governs("Sources/EventStream/Frame.swift"))
    }

    @Test(
        arguments: [
            "TODO", "FIXME", "try!", "fatalError(", "@unchecked Sendable", "nonisolated(unsafe)",
        ]
    )
    func `what no source may say is found`(word: String) throws {
        let rule = try #require(Rule.all.first { $0.name == "no source says \(word)" })
        #expect(lines(rule, "a\n\(word) b\n") == [2])
        #expect(lines(rule, "try preconditionFailure()").isEmpty)
        #expect(rule.governs("Sources/A/B.swift") && !rule.governs("Tests/A/B.swift"))
    }
}

@Suite("The manifest as it is read") struct ManifestTests {
    private let targets = Manifest(
        """
        let package = Package(
            products: [
                .executable(name: "tool", targets: ["a-tool"]),
            ],
            targets: [
                .target(name: "EventStream", swiftSettings: memorySafe),

                .systemLibrary(name: "CSystemd"),

                .executableTarget(
                    name: "a-tool",
                    dependencies: [
                        "EventStream",
                        .product(name: "ArgumentParser", package: "swift-argument-parser"),
                    ],
                    path: "Tests/Tool"
                ),

                .testTarget(name: "ToolTests", dependencies: ["a-tool"]),
            ]
        """
    ).targets

    @Test func `each target has its folder and what it stands on`() {
        let names = targets.map(\.name)
        let folders = targets.map(\.folder)
        #expect(names == ["EventStream", "a-tool", "ToolTests"])
        #expect(folders == ["Sources/EventStream", "Tests/Tool", "Tests/ToolTests"])
        let tool: Set = ["EventStream", "ArgumentParser"]
        #expect(targets.map(\.dependencies) == [[], tool, tool.union(["a_tool"])])
    }

    @Test func `an import that is not declared is found`() {
        // Quoted, each on a line of its own, lest this file seem to import them.
        let text = [
            "internal import ArgumentParser",
            "@testable import a_tool",
            "package import EventStream",
            "import Glibc",
            "import Testing",
            "import struct Other.Thing",
        ].joined(separator: "\n")
        let lines = targets.map { $0.imports.complaints(about: text).map(\.line) }
        #expect(lines == [[1, 2, 3, 4, 5, 6], [2, 5, 6], [6]])
    }
}
