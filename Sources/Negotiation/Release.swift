// SPDX-License-Identifier: Apache-2.0

/// The opening of a gate.
package struct Release: Hashable, Sendable {
    package var deploymentID: DeploymentID
    package var basis: Basis
    package var waited: Duration
    package var participants: [ComponentName]
    package var silent: [ComponentName]
    package var overridden: [ComponentName]
    package var at: Instant
    /// Whether another coordinator, which is connected, makes the update: of several that announce
    /// the same request, exactly one does.
    package var isJoined = false
}

extension Release {
    /// The same for a coordinator that does not make the update.
    var joined: Release {
        var release = self
        release.isJoined = true
        return release
    }
}

/// Why an update ended before its gate opened.
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

/// The operator who lets an update go ahead regardless, and the reason.
package struct Force: Hashable, Sendable {
    package var by: String
    package var reason: String

    package init(by: String, reason: String) {
        self.by = by
        self.reason = reason
    }
}
