// SPDX-License-Identifier: Apache-2.0

/// Something that holds for the text of a file.
struct Rule: Sendable {
    let name: String
    /// Whether it holds for the file at this path, relative to the top of the repository.
    let governs: @Sendable (_ path: String) -> Bool
    /// What is wrong, each with the number of its line.
    let complaints: @Sendable (_ lines: [Substring]) -> [Complaint]
}

struct Complaint: Hashable, Sendable {
    var line: Int
    var text: String
}

extension Rule {
    static let all: [Rule] =
        [
            licence, length, width, noMachine, noFoundation, noConcurrency, noCharacters, rawPaths,
            noSleep, openEnums, noOwnEquality,
        ] + forbiddenInSources

    func complaints(about text: String) -> [Complaint] {
        complaints(text.split(separator: "\n", omittingEmptySubsequences: false))
    }

    static let licence = Rule(
        name: "a file says its licence first",
        governs: { isCode($0) },
        complaints: { lines in
            // A tools version, or what runs a script, goes before it.
            let first = lines.prefix(2).contains { line in
                line.hasSuffix("SPDX-License-Identifier: Apache-2.0")
                    && (line.hasPrefix("// ") || line.hasPrefix("# "))
            }
            return first ? [] : [Complaint(line: 1, text: "no SPDX-License-Identifier")]
        }
    )

    static let length = Rule(
        name: "a Swift file has at most 300 lines",
        // The manifest is a list of targets, which cannot be told in two files.
        governs: { $0.hasSuffix(".swift") && $0 != "Package.swift" },
        complaints: { lines in
            // The last line ends in a line break.
            let count = lines.count - (lines.last?.isEmpty == true ? 1 : 0)
            return count <= 300 ? [] : [Complaint(line: 301, text: "\(count) lines")]
        }
    )

    static let width = Rule(
        name: "a line has at most 100 columns",
        governs: { isCode($0) },
        complaints: { lines in
            eachLine(lines) { $0.count <= 100 ? nil : "\($0.count) columns" }
        }
    )

    /// The words are put together here, lest this file break its own rule.
    static let noMachine = Rule(
        name: "no file knows the paths of one machine",
        governs: { isCode($0) || $0.hasSuffix(".md") || $0.hasSuffix(".json") },
        complaints: { lines in
            let places = ["ho" + "me", "ro" + "ot", "Us" + "ers", "wo" + "rk"].map { "/\($0)/" }
            return eachLine(lines) { line in
                places.first { line.contains($0) }.map { "a path with \($0)" }
            }
        }
    )

    static let noFoundation = Rule(
        name: "no source imports Foundation",
        governs: { $0.hasPrefix("Sources/") },
        complaints: { lines in
            eachLine(lines) { line in
                importedModule(line).flatMap { $0.hasPrefix("Foundation") ? "imports \($0)" : nil }
            }
        }
    )

    /// One name of Swift's concurrency links all of it into the daemon, and libdispatch with it:
    /// 0.7 MB of memory, and work at each start.
    static let noConcurrency = Rule(
        name: "the daemon uses nothing of Swift's concurrency",
        governs: isOf([
            "ReprieveTypes", "EventStream", "StrictJSON", "Negotiation", "ReprieveProtocol",
            "Tokens", "ReprieveBroker", "Systemd", "reprieved",
        ]),
        complaints: uses(of: [
            "ContinuousClock", "SuspendingClock", "AsyncStream", "Task", "actor", "async", "await",
        ])
    )

    /// To go through a text by `Character` is a look-up in Unicode's tables for each. An entry of
    /// the journal was made so, which was as much work as the rest of a gate.
    static let noCharacters = Rule(
        name: "what runs in a gate goes through texts by bytes or scalars",
        governs: isOf(["EventStream", "StrictJSON", "Negotiation", "ReprieveBroker", "Systemd"]),
        complaints: uses(of: ["Character", "isNewline", "isWhitespace", "isLetter", "isNumber"])
    )

    static let noSleep = Rule(
        name: "no test sleeps",
        // A benchmark has to wait to see what an idle daemon does, and an attack has its own pace.
        governs: { path in
            path.hasPrefix("Tests/") && !path.hasPrefix("Tests/Benchmarks/")
                && !path.hasPrefix("Tests/System/attacks/")
                && (path.hasSuffix(".swift") || path.hasSuffix(".py"))
        },
        complaints: { lines in
            let calls = ["Task.sl" + "eep", "usl" + "eep(", "nanosl" + "eep(", "time.sl" + "eep("]
            return eachLine(lines) { line in calls.first { line.contains($0) } }
        }
    )

    static let openEnums = Rule(
        name: "a public enum may get further cases",
        governs: { $0.hasPrefix("Sources/") && $0.hasSuffix(".swift") },
        complaints: { lines in
            lines.indices.compactMap { index in
                guard lines[index].contains("public enum "),
                    index == 0 || !lines[index - 1].hasSuffix("@nonexhaustive")
                else { return nil }
                return Complaint(line: index + 1, text: "no @nonexhaustive before it")
            }
        }
    )

    static let noOwnEquality = Rule(
        name: "values are equal if all their fields are",
        // The same text, frame or digest may be kept in different ways.
        governs: { path in
            let others = ["EventStream", "StrictJSON", "Tokens"].map { "Sources/\($0)/" }
            return path.hasPrefix("Sources/") && !others.contains { path.hasPrefix($0) }
        },
        complaints: { lines in
            eachLine(lines) { $0.contains("func == (") ? "an equality of its own" : nil }
        }
    )

    /// Passed as a `String`, a path that is not UTF-8 is another path for the kernel.
    static let rawPaths = Rule(
        name: "a path goes to the kernel as the bytes that it is",
        governs: { $0.hasPrefix("Sources/") },
        complaints: { lines in
            eachLine(lines) { line in
                pathCalls.first { call in
                    guard let range = line.firstRange(of: call + "(") else { return false }
                    let before = line[..<range.lowerBound].last ?? " "
                    let isAnother = before.isLetter || "._".contains(before)
                    let rest = line[range.upperBound...]
                    return !isAnother && rest.first != ")" && !rest.contains("raw")
                }
            }
        }
    )

    private static let pathCalls = [
        "access", "chmod", "inotify_add_watch", "lchown", "lstat", "mkdir", "opendir", "readlink",
        "rename", "rmdir", "stat", "statvfs", "unlink",
    ]

    static let forbiddenInSources = [
        "TODO", "FIXME", "try!", "fatalError(", "@unchecked Sendable", "nonisolated(unsafe)",
    ].map { word in
        Rule(
            name: "no source says \(word)",
            governs: { $0.hasPrefix("Sources/") },
            complaints: { lines in eachLine(lines) { $0.contains(word) ? word : nil } }
        )
    }
}

private func isCode(_ path: String) -> Bool {
    path.hasSuffix(".swift") || path.hasSuffix(".py") || path.hasSuffix(".sh")
        || path.hasSuffix("/run")
}

private func eachLine(
    _ lines: [Substring],
    _ complaint: (Substring) -> String?
) -> [Complaint] {
    lines.enumerated().compactMap { index, line in
        complaint(line).map { Complaint(line: index + 1, text: $0) }
    }
}

/// The module that a line imports.
func importedModule(_ line: Substring) -> Substring? {
    let words = line.split(separator: " ")
    guard let index = words.firstIndex(of: "import"), index + 1 < words.count,
        words[..<index].allSatisfy({ importModifiers.contains($0) })
    else { return nil }
    return words[(index + 1)...].first { !importKinds.contains($0) }?.prefix { $0 != "." }
}

private let importKinds: Set<Substring> = [
    "struct", "class", "enum", "protocol", "func", "var", "let", "typealias",
]

private let importModifiers: Set<Substring> = [
    "public", "package", "internal", "private", "fileprivate", "@testable", "@preconcurrency",
    "@_exported",
]

private func isOf(_ targets: [String]) -> @Sendable (String) -> Bool {
    { path in targets.contains { path.hasPrefix("Sources/\($0)/") } }
}

/// The first of these words in each line, but not in comments.
private func uses(of names: Set<Substring>) -> @Sendable ([Substring]) -> [Complaint] {
    { lines in
        eachLine(lines) { line in
            let code = line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line
            let words = code.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
            return words.first { names.contains($0) }.map { "uses \($0)" }
        }
    }
}
