// SPDX-License-Identifier: Apache-2.0

/// Everything that can happen to a negotiation.
package enum Event: Hashable, Sendable {
    case subscribed(Subscription)
    case unsubscribed(StreamID, component: ComponentName)
    /// The connection ended, whichever end ended it. `component` is the name that it had.
    case hungUp(PeerID, component: ComponentName)
    /// The connection was lost through no fault of the component's, as in a death of the broker.
    case lost(PeerID, component: ComponentName)
    case answered(Answer)
    case announced(UpdateRequest, coordinator: StreamID, process: Int32)
    case coordinatorLeft(StreamID)
    case completed(DeploymentID, Outcome, message: String?, request: StreamID)
    case cancelled(DeploymentID, reason: String, by: String, request: StreamID)
    case forced(DeploymentID, reason: String, by: String, request: StreamID)
    /// The instant of `nextDeadline` has come. Early or twice, this changes nothing.
    case timePassed
    /// The device was suspended for so long, until now.
    case slept(Duration)
    /// Everything that was to be sent has been handed to the sockets.
    case sent
    /// The broker is back after its own death: its connections are lost, its promises are not.
    case restarted
}
