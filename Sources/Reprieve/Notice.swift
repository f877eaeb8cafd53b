// SPDX-License-Identifier: Apache-2.0

package import ReprieveProtocol

/// The question whether a pending update may go ahead. Durations count from its arrival.
public struct Notice: Hashable, Sendable {
    public let deploymentID: String
    /// Why the update is made; nil if the updater does not say.
    public let reason: String?
    /// What the update stops. Plain Greengrass tells only `components` and `nucleus`.
    public let disruption: Disruption
    /// All other components are ready: one that acknowledges now is interrupted next. To
    /// acknowledge a notice that is not final only says "I could".
    /// `Answer.acknowledge(whenFinal:then:)` makes this distinction by itself.
    public let isFinal: Bool
    /// The update stops waiting soon, whatever is answered: it goes ahead then, or is refused.
    public let isLastCall: Bool
    /// The time left to answer; nil beside plain Greengrass.
    public let respondBy: Duration?
    /// The time until the update stops waiting, whatever is answered; nil if the broker does not
    /// say.
    public let deadline: Duration?
    /// The longest deferral that the broker would grant now; nil if it does not say.
    public let longestDeferral: Duration?

    package init(_ event: PreUpdateEvent) {
        deploymentID = event.deploymentID
        reason = event.reason
        disruption = event.disruption
        isFinal = event.isFinal
        isLastCall = event.lastCall
        respondBy = event.respondByMs.map { .milliseconds($0) }
        deadline = event.deadlineInMs.map { .milliseconds($0) }
        longestDeferral = event.maxDeferMs.map { .milliseconds($0) }
    }
}

extension PreUpdateEvent {
    /// A component that acknowledges it is interrupted next. Plain Greengrass has no rounds, and
    /// asks once.
    var isFinal: Bool { final || round == nil }
}
