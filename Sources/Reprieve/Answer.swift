// SPDX-License-Identifier: Apache-2.0

/// What a component says to a notice.
public struct Answer: Sendable {
    /// Runs when an update that was acknowledged is over, or is put off.
    public typealias FollowUp = @Sendable (Outcome) async -> Void

    enum Word: Sendable {
        case acknowledge(FollowUp?)
        case `defer`(Duration, String)
    }

    let word: Word

    /// Not now: ask again after `time`, because of `reason`, which operators see.
    public static func `defer`(for time: Duration, because reason: String) -> Answer {
        precondition(time > .zero, "a deferral takes some time")
        precondition(!reason.isEmpty, "a deferral has a reason")
        return Answer(word: .defer(time, reason))
    }

    /// Nothing stands in the way. Without anything to follow, this only says how things are now:
    /// the final notice asks again.
    public static var acknowledge: Answer { Answer(word: .acknowledge(nil)) }

    /// The component has got ready, and stays so until `then` is told the outcome.
    public static func acknowledge(then: @escaping FollowUp) -> Answer {
        Answer(word: .acknowledge(then))
    }
}
