// SPDX-License-Identifier: Apache-2.0

/// A component's answer to a notice.
///
/// An acknowledgement is a promise to stay ready until the update is over. There are three forms:
///
/// * `.acknowledge`: the component does nothing to get ready, or to resume.
/// * `.acknowledge(whenFinal: pause) { outcome in resume() }`: `pause` runs when all other
///   components are ready, so this one pauses for no longer than the update takes.
/// * `.acknowledge { outcome in resume() }`: the closure has paused before it returned. If the
///   update does not go ahead within a second, since another component holds it back, the component
///   resumes (`Outcome.postponed`), and is asked again later.
public struct Answer: Sendable {
    /// Runs when an update that was acknowledged is over, or is postponed.
    public typealias FollowUp = @Sendable (Outcome) async -> Void

    enum Word: Sendable {
        case acknowledge(whenFinal: (@Sendable () async -> Void)?, then: FollowUp?)
        case `defer`(Duration, String)
    }

    let word: Word

    /// Not now: ask again after `time`. Operators see the reason, which is not empty.
    ///
    /// The broker grants 100 ms at least, and no more than `Notice.longestDeferral`. So a time that
    /// is 0 or negative, as that until a moment in the past, asks again at once.
    public static func `defer`(for time: Duration, because reason: String) -> Answer {
        precondition(!reason.isEmpty, "a deferral has a reason, which operators see")
        return Answer(word: .defer(max(time, ParticipationLimits.shortestDeferral), reason))
    }

    /// The update may go ahead.
    public static var acknowledge: Answer {
        Answer(word: .acknowledge(whenFinal: nil, then: nil))
    }

    /// The component has got ready, and stays ready until `then` runs with the outcome.
    public static func acknowledge(then: @escaping FollowUp) -> Answer {
        Answer(word: .acknowledge(whenFinal: nil, then: then))
    }

    /// The update may go ahead. `prepare` runs when all other components are ready, before the gate
    /// opens; then the component stays ready until `then` runs with the outcome.
    ///
    /// The closure of `Updates.answer` is asked again before `prepare` runs, since its answer may
    /// have changed meanwhile.
    public static func acknowledge(
        whenFinal prepare: @escaping @Sendable () async -> Void,
        then: @escaping FollowUp
    ) -> Answer {
        Answer(word: .acknowledge(whenFinal: prepare, then: then))
    }
}
