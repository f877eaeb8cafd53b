// SPDX-License-Identifier: Apache-2.0

// What a request is answered with.

/// The answer to an announcement.
package struct Attachment: Hashable, Sendable {
    package var deploymentID: DeploymentID
    package var participants: [ComponentName]
    /// False for the announcement that began the update.
    package var attached: Bool
    /// Names in `components` of components that were never there.
    package var unmatched: [ComponentName]
}

/// What an answer was granted.
package struct Grant: Hashable, Sendable {
    package var granted: Duration
    /// The budget left after this grant.
    package var remaining: Duration
}

/// Why a request is not carried out. The fault is the requester's.
package enum Refusal: Error, Hashable, Sendable {
    case notSubscribed(ComponentName)
    case notAsked(ComponentName, DeploymentID)
    case notWaiting(DeploymentID)
    case alreadyReleased(DeploymentID)
    case deferralsForbidden(ComponentName, DeploymentID)
    case budgetSpent(ComponentName, DeploymentID)
    case deadlinePassed(DeploymentID)
    case unknown(DeploymentID)
    case anotherRequest(DeploymentID)
    case notReleased(DeploymentID)
    case cannotCancelReleased(DeploymentID)
    case alreadyEnded(DeploymentID, as: String)
    case tooManyUpdates(maximum: Int)
    case tooManySubscriptions(Int, of: String)
    case tooManyComponents(Int, of: String)
}
