// SPDX-License-Identifier: Apache-2.0

/// What a component is told before an update: the `preUpdateEvent`. Durations are time left.
package struct Notice: Hashable, Sendable {
    package var deploymentID: DeploymentID
    package var reason: String?
    package var disruption: Disruption
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
