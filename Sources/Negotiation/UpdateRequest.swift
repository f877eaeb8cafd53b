// SPDX-License-Identifier: Apache-2.0

/// What a coordinator wants to do: `reprieve#GateUpdate`.
package struct UpdateRequest: Hashable, Sendable {
    package var deploymentID: DeploymentID
    package var reason: String?
    package var disruption: Disruption
    /// The components that the update concerns; nil and empty mean all.
    package var components: [ComponentName]?
    package var policy: Policy
    /// It waits while another one that it conflicts with is under way, and makes that one wait.
    package var isExclusive = true
    /// It is completed by another connection than the one that announced it.
    package var completesLater = false
    /// The machine goes down, whatever is said of it: it waits for updates under way until its
    /// deadline, and none waits for it.
    package var isShutdown = false
    /// The request's JSON value in one canonical form. Two requests are the same when it is equal.
    package var asSent: [UInt8]
    /// Subscriptions that are not asked, because they acknowledged an earlier update that counts
    /// for this one too. A death of the broker ends them with their connections.
    package var excused: Set<StreamID> = []

    package init(
        deploymentID: DeploymentID,
        reason: String? = nil,
        disruption: Disruption = .components,
        components: [ComponentName]? = nil,
        policy: Policy = Policy(),
        asSent: [UInt8] = []
    ) {
        self.deploymentID = deploymentID
        self.reason = reason
        self.disruption = disruption
        self.components = components
        self.policy = policy
        self.asSent = asSent
    }
}

extension UpdateRequest {
    package func hash(into hasher: inout Hasher) {
        hasher.combine(deploymentID)
        hasher.combine(asSent)
    }
}
