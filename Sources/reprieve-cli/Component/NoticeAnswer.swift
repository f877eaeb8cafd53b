// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// An answer to a notice.
enum NoticeAnswer: Hashable, Sendable {
    /// With what went wrong in a hook, for the status and the history.
    case acknowledge(message: String? = nil)
    case `defer`(milliseconds: Int64, message: String?)

    /// The exit code of a hook that defers.
    static let deferring: Int32 = 75

    /// The deferral of a hook that names no duration.
    static let usualDeferral: Int64 = 30_000

    /// Reads the first line of a hook's `output`, as in `30s recording`. Nil if it begins with no
    /// duration.
    init?(deferring output: String) {
        let line = output.prefix { !$0.isNewline }
        let words = line.split(maxSplits: 1) { $0 == " " || $0 == "\t" }
        guard let first = words.first, let time = milliseconds(spelled: String(first)), time > 0
        else { return nil }
        let rest = words.dropFirst().first?.drop { $0 == " " || $0 == "\t" } ?? ""
        self = .defer(milliseconds: time, message: rest.isEmpty ? nil : String(rest))
    }
}

extension NoticeAnswer {
    func request(to notice: PreUpdateEvent) -> DeferRequest {
        switch self {
        case .acknowledge(let message): notice.answer(deferringMs: 0, message)
        case .defer(let milliseconds, let message):
            notice.answer(deferringMs: milliseconds, message)
        }
    }

    /// What follows "update d-42". What the broker granted may be less than was asked for.
    func text(to notice: PreUpdateEvent, granted: Int64?) -> String {
        switch self {
        case .acknowledge where notice.isFinal: "is acknowledged"
        case .acknowledge: "may go ahead once all others are ready"
        case .defer(let milliseconds, let message):
            "is deferred for \(duration(granted ?? milliseconds))"
                + (message.map { ": " + shown($0) } ?? "")
        }
    }
}
