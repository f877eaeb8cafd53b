// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// An update that is over, or was cancelled.
public struct EndedUpdate: Hashable, Sendable {
    public let deploymentID: String
    /// How it ended; never `postponed`.
    public let outcome: Outcome
    /// The updater's text about it; nil if there is none.
    public let message: String?

    init(_ event: PostUpdateEvent) {
        deploymentID = event.deploymentID
        outcome = event.outcome ?? .unknown
        message = event.message
    }
}
