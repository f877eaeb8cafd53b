// SPDX-License-Identifier: Apache-2.0

/// An update will soon be held back no longer: the time that the operator allows is nearly over.
public struct LastCall: Hashable, Sendable {
    public let deploymentID: String
    /// The time until the update stops waiting, whatever is answered: it goes ahead then, or is
    /// refused.
    public let timeLeft: Duration
}
