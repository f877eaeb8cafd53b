// SPDX-License-Identifier: Apache-2.0

/// What a component is told before an update: the `preUpdateEvent`. Durations are time left.
package struct Notice: Hashable, Sendable {
    package var deploymentID: DeploymentID
    package var reason: String?
    package var restartsNucleus: Bool
    package var components: [ComponentName]?
    package var round: Int64
    package var respondBy: Duration
    package var deadlineIn: Duration
    /// The most that the component would be granted now.
    package var maxDefer: Duration
    package var lastCall: Bool
    package var final: Bool
}

/// What a component is told after an update: the `postUpdateEvent`.
package struct Post: Hashable, Sendable {
    package var deploymentID: DeploymentID
    package var outcome: Outcome
    package var message: String?

    package init(deploymentID: DeploymentID, outcome: Outcome, message: String?) {
        self.deploymentID = deploymentID
        self.outcome = outcome
        self.message = message
    }
}

/// The opening of a gate.
package struct Release: Hashable, Sendable {
    package var deploymentID: DeploymentID
    package var basis: Basis
    package var waited: Duration
    package var participants: [ComponentName]
    package var silent: [ComponentName]
    package var overridden: [ComponentName]
    package var at: Instant
}

/// Why a gate stays shut for good.
package struct Withdrawal: Hashable, Sendable {
    package var deploymentID: DeploymentID
    package var by: String
    package var reason: String

    package init(deploymentID: DeploymentID, by: String, reason: String) {
        self.deploymentID = deploymentID
        self.by = by
        self.reason = reason
    }
}

/// Who lets an update go ahead regardless, and why.
package struct Force: Hashable, Sendable {
    package var by: String
    package var reason: String

    package init(by: String, reason: String) {
        self.by = by
        self.reason = reason
    }
}

/// The answer to an announcement.
package struct Attachment: Hashable, Sendable {
    package var deploymentID: DeploymentID
    package var participants: [ComponentName]
    /// False for the announcement that began the update.
    package var attached: Bool
    /// Names in `components` that nobody subscribed has.
    package var unmatched: [ComponentName]
}

/// What an answer was worth.
package struct Grant: Hashable, Sendable {
    package var granted: Duration
    /// The budget left after this grant.
    package var remaining: Duration
}

/// Why a request is not carried out. The fault is the requester's; nobody else notices.
package enum Refusal: Error, Hashable, Sendable {
    case notSubscribed(ComponentName)
    case notAsked(ComponentName, DeploymentID)
    case notWaiting(DeploymentID)
    case alreadyReleased(DeploymentID)
    case budgetSpent(ComponentName, DeploymentID)
    case deadlinePassed(DeploymentID)
    case unknown(DeploymentID)
    case anotherRequest(DeploymentID)
    case notReleased(DeploymentID)
    case cannotCancelReleased(DeploymentID)
    case alreadyEnded(DeploymentID, as: String)
    case tooManyUpdates(maximum: Int)
}

/// What the negotiation wants done. The order is the order in which it is to be done.
package enum Action: Hashable, Sendable {
    case notify(StreamID, Notice)
    case post(StreamID, Post)
    case granted(StreamID, Grant)
    case attached(StreamID, Attachment)
    case released(StreamID, Release)
    case refused(StreamID, Withdrawal)
    case cancelled(StreamID, Withdrawal)
    /// The call is carried out, and has nothing to say.
    case done(StreamID)
    case failed(StreamID, Refusal)
    /// The update's status is another than before, or a coordinator has come to hear it.
    case changed(DeploymentID)
}
