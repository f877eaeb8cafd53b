// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

extension PreUpdateEvent {
    /// An answer to this notice; 0 acknowledges it.
    func answer(deferringMs milliseconds: Int64, _ message: String?) -> DeferRequest {
        DeferRequest(
            deploymentID: deploymentID,
            recheckAfterMs: milliseconds,
            message: message,
            round: round
        )
    }

    /// Whether an acknowledgement is the last word before the update begins. Plain Greengrass knows
    /// no rounds, and asks once.
    var isFinal: Bool { final || round == nil }
}
