// SPDX-License-Identifier: Apache-2.0

/// One thing that `reprieve check` has looked at.
struct Finding: Hashable, Sendable {
    enum Level: String, Hashable, Sendable {
        case good = "ok"
        /// It works, and may not be what is wanted.
        case note
        case problem
    }

    var level: Level
    var text: String
    /// What to do about it.
    var advice: String?

    static func good(_ text: String) -> Finding { Finding(level: .good, text: text) }

    static func note(_ text: String, _ advice: String) -> Finding {
        Finding(level: .note, text: text, advice: advice)
    }

    static func problem(_ text: String, _ advice: String) -> Finding {
        Finding(level: .problem, text: text, advice: advice)
    }

    /// "problem  /run/x has mode 0666: anybody may force updates", and below it what to do.
    var lines: [String] {
        let space = String(repeating: " ", count: 9 - level.rawValue.count)
        let first = level.rawValue + space + text
        return [first] + (advice.map { ["         -> " + $0] } ?? [])
    }
}
