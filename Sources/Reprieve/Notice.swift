// SPDX-License-Identifier: Apache-2.0

package import ReprieveProtocol

/// An update is pending: may it go ahead?
public struct Notice: Hashable, Sendable {
    public let deploymentID: String
    /// Why the update is made, if somebody said so.
    public let reason: String?
    /// The nucleus restarts, and with it all components.
    public let restartsNucleus: Bool
    /// Everyone else is ready: who acknowledges this is interrupted next. An acknowledgement of a
    /// notice that is not final only says "I could". `Answer.acknowledge(whenFinal:then:)` tells
    /// them apart by itself.
    public let isFinal: Bool
    /// The update goes ahead soon, whatever is answered.
    public let isLastCall: Bool
    /// Time left to answer.
    public let respondBy: Duration?
    /// Time left until the update goes ahead regardless.
    public let deadline: Duration?
    /// The longest deferral that would be granted now.
    public let longestDeferral: Duration?

    package init(_ event: PreUpdateEvent) {
        deploymentID = event.deploymentID
        reason = event.reason
        restartsNucleus = event.isGgcRestarting
        isFinal = event.isFinal
        isLastCall = event.lastCall
        respondBy = event.respondByMs.map { .milliseconds($0) }
        deadline = event.deadlineInMs.map { .milliseconds($0) }
        longestDeferral = event.maxDeferMs.map { .milliseconds($0) }
    }
}

extension PreUpdateEvent {
    /// Who acknowledges this is interrupted next. Plain Greengrass knows no rounds, and asks once.
    var isFinal: Bool { final || round == nil }
}
