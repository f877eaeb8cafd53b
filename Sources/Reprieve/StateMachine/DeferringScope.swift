// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// A scope that no update may interrupt.
struct DeferringScope: Hashable, Sendable {
    let id: ParticipationStateMachine.ScopeID
    let why: String
    let ifUnderway: IfUnderway
    let ifWaiting: IfWaiting
    /// When it begins, though it is unknown which updates are under way.
    let startBy: ParticipationStateMachine.Moment
    /// The deferrals to which the broker must reply before it begins.
    var pending: Set<ParticipationStateMachine.AnswerID> = []
    /// The updates whose end it waits for.
    var waitsFor: Set<String> = []
    var hasBegun = false
    /// The updates whose last call was passed on to it.
    var warnedOf: Set<String> = []

    /// It lets updates that wait go first.
    var isDraining: Bool { !hasBegun && ifWaiting != .start }

    /// The reason as a log may have it.
    var shownWhy: String { printable(why, limit: Limits.text) }
}
