// SPDX-License-Identifier: Apache-2.0

/// The durations and the sizes of what the library does by itself.
enum ParticipationLimits {
    /// A deferral on the component's behalf. It is ended early, or renewed.
    static let onItsBehalf = Duration.seconds(30)
    /// The shortest deferral, which is also the broker's. A shorter one is lengthened to it.
    static let shortestDeferral = Duration.milliseconds(100)
    /// The longest time that a scope waits to know which updates are under way. Beyond it the
    /// scope begins, and those that follow do not wait.
    static let scopeStart = Duration.seconds(3)
    /// The longest time that a component that has got ready waits for the final notice. Beyond it
    /// the component resumes: another one holds the update back, perhaps for hours.
    static let readiness = Duration.seconds(1)
    /// The time that a program that has just started has to call `answer` or `deferring`. Beyond
    /// it a notice is acknowledged.
    static let settling = Duration.seconds(1)
    /// When a closure's answer is due if the notice does not say. Greengrass waits for 60 s.
    static let response = Duration.seconds(20)
    /// The longest time without an event of an update. Beyond it its outcome is unknown.
    static let update = Duration.seconds(25 * 3_600)
    /// The outcomes that are remembered, for a later listener and against repetition. The oldest
    /// are forgotten first.
    static let endedUpdates = 16
    /// The outcomes that wait for a listener that does not keep up. The oldest are dropped first.
    static let unreadOutcomes = 64
}
