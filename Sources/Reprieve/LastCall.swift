// SPDX-License-Identifier: Apache-2.0

/// What `deferring` does when the gate of an update has opened already.
public enum IfUnderway: Hashable, Sendable {
    /// Throws `updateUnderway`; the body does not run.
    case `throw`
    /// Waits until the update is over, and then runs the body.
    case wait
}

/// An update will be held back no longer: the time that the operator allows is nearly used up.
public struct LastCall: Hashable, Sendable {
    public let deploymentID: String
    /// Until the update goes ahead, whatever is said.
    public let timeLeft: Duration
}
