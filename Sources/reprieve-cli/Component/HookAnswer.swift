// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// The answer that a hook gives by its exit code and its output.
enum HookAnswer: Hashable, Sendable {
    /// With what went wrong, for the status and the history.
    case acknowledge(message: String? = nil)
    case `defer`(milliseconds: Int64, message: String?)

    /// The exit code that defers.
    static let deferring: Int32 = 75

    /// The deferral of a hook that names no duration.
    static let usualDeferral: Int64 = 30_000

    /// Reads the first line of `output`, as in `30s recording`. Nil if it begins with no duration.
    init?(deferring output: String) {
        let line = output.prefix { !$0.isNewline }
        let words = line.split(maxSplits: 1) { $0 == " " || $0 == "\t" }
        guard let first = words.first, let time = milliseconds(spelled: String(first)), time > 0
        else { return nil }
        let rest = words.dropFirst().first?.drop { $0 == " " || $0 == "\t" } ?? ""
        self = .defer(milliseconds: time, message: rest.isEmpty ? nil : String(rest))
    }
}
