// SPDX-License-Identifier: Apache-2.0

/// What a component says about one update: `aws.greengrass#DeferComponentUpdate`.
package struct Answer: Hashable, Sendable {
    package var request: StreamID
    package var component: ComponentName
    /// The process behind the connection, 0 where unknown.
    package var process: Int32
    package var deploymentID: DeploymentID
    /// Zero acknowledges.
    package var deferral: Duration
    /// The round that is answered, where the component says so.
    package var round: Int64?
    package var message: String?

    package init(
        request: StreamID,
        component: ComponentName,
        process: Int32 = 0,
        deploymentID: DeploymentID,
        deferral: Duration,
        round: Int64? = nil,
        message: String? = nil
    ) {
        self.request = request
        self.component = component
        self.process = process
        self.deploymentID = deploymentID
        self.deferral = deferral
        self.round = round
        self.message = message
    }
}
