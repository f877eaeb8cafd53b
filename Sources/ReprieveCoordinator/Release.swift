// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// An open gate: the update may begin.
public struct Release: Hashable, Sendable {
    public let deploymentID: String
    /// Why the gate opened.
    public let basis: Basis
    /// How long the update waited.
    public let waited: Duration
    public let participants: [String]
    /// The components that did not answer.
    public let silent: [String]
    /// The components whose deferral was cut.
    public let overridden: [String]

    init(_ shape: ReleasedShape) {
        deploymentID = shape.deploymentID
        basis = shape.basis
        waited = .milliseconds(shape.waitedMs)
        participants = shape.participants
        silent = shape.silent
        overridden = shape.overridden
    }
}
