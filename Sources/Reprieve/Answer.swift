// SPDX-License-Identifier: Apache-2.0

/// What a component says to a notice.
///
/// To acknowledge is a promise to stand ready until the update is over. There are three ways:
///
/// * `.acknowledge`: nothing has to be done to be interrupted, or to go on.
/// * `.acknowledge(whenFinal: pause) { outcome in resume() }`: `pause` runs when everyone else is
///   ready, so this component stands still for no longer than the update takes.
/// * `.acknowledge { outcome in resume() }`: the closure itself has paused before it returned. If
///   the update does not go ahead within a second, since another component holds it back, it is
///   told to go on (`Outcome.postponed`), and asked again later.
public struct Answer: Sendable {
    /// Runs when an update that was acknowledged is over, or is put off.
    public typealias FollowUp = @Sendable (Outcome) async -> Void

    enum Word: Sendable {
        case acknowledge(whenFinal: (@Sendable () async -> Void)?, then: FollowUp?)
        case `defer`(Duration, String)
    }

    let word: Word

    /// Not now: ask again after `time`, because of `reason`, which operators see.
    public static func `defer`(for time: Duration, because reason: String) -> Answer {
        precondition(time > .zero, "a deferral takes some time: say for how long")
        precondition(!reason.isEmpty, "a deferral has a reason, which operators see")
        return Answer(word: .defer(time, reason))
    }

    /// Nothing stands in the way.
    public static var acknowledge: Answer {
        Answer(word: .acknowledge(whenFinal: nil, then: nil))
    }

    /// The component has got ready, and stays so until `then` is told the outcome.
    public static func acknowledge(then: @escaping FollowUp) -> Answer {
        Answer(word: .acknowledge(whenFinal: nil, then: then))
    }

    /// Nothing stands in the way. `prepare` runs when everyone else is ready, before the gate
    /// opens; then the component stays ready until `then` is told the outcome.
    ///
    /// Whether to go ahead is asked again before `prepare` runs: much may have changed meanwhile.
    public static func acknowledge(
        whenFinal prepare: @escaping @Sendable () async -> Void,
        then: @escaping FollowUp
    ) -> Answer {
        Answer(word: .acknowledge(whenFinal: prepare, then: then))
    }
}
