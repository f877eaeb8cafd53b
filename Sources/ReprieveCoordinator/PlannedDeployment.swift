// SPDX-License-Identifier: Apache-2.0

internal import Deployments
internal import ReprieveProtocol
internal import StrictJSON

/// What a deployment of AWS IoT Greengrass does to this device: what `reprieve plan` shows of it,
/// as far as a gate needs it.
///
/// `Update(deployment:)` and `GatePolicy(deployment:)` announce it.
public struct PlannedDeployment: Hashable, Sendable {
    /// The deployment's id.
    public let id: String
    /// `nucleus` if the nucleus and all components restart, else `components`.
    public let disruption: Disruption
    /// The components that are asked; empty if all are, or none.
    public let components: [String]
    /// Whether no component is asked: nothing that runs restarts, or the deployment is one that
    /// notifies no component.
    public let isSilent: Bool
    /// How long a component may take to answer.
    public let responseTimeout: Duration
    /// What the documents leave open, for the operator.
    public let warnings: [String]

    /// - Parameters:
    ///   - document: the deployment's document in JSON, as a device receives it or as
    ///     `aws greengrassv2 get-deployment` prints it.
    ///   - installed: what is on the device, as `reprieve plan --installed` reads it.
    ///   - catalogues: the versions of components that there are, as `reprieve plan --catalogue`
    ///     reads them.
    /// - Throws: `invalid` if one of these cannot be read, or the deployment has no id; `refused`
    ///   if a device refuses the deployment.
    public init(
        document: [UInt8],
        installed: [UInt8],
        catalogues: [[UInt8]] = []
    ) throws(GateError) {
        let plan: DeploymentPlan
        do {
            var catalogue = Catalogue()
            for bytes in catalogues { try catalogue.add(decoding: bytes) }
            plan = DeploymentPlan(
                try Deployment(decoding: document),
                installed: try InstalledComponents(decoding: installed),
                catalogue: catalogue
            )
        } catch {
            throw GateError(code: .invalid, message: error.message)
        }
        guard let id = plan.deployment.id else {
            throw GateError(code: .invalid, message: "the deployment has no id")
        }
        let device = plan.existingDevice
        if let refused = device.refused { throw GateError(code: .refused, message: refused.text) }
        self.id = id
        disruption = device.disruption
        isSilent = device.asksNobody
        components = device.concerned(atMost: Limits.names)
        responseTimeout = .milliseconds(device.timeoutMs)
        warnings = plan.warnings
    }
}

extension Update {
    /// The update that a deployment makes.
    public init(deployment: PlannedDeployment, reason: String? = nil) {
        self.init(
            deployment.id,
            reason: reason,
            disruption: deployment.disruption,
            components: deployment.components
        )
    }
}

extension GatePolicy {
    /// What a deployment says about asking its components. A component that has never connected is
    /// not asked, and is no error.
    public init(deployment: PlannedDeployment) {
        self.init()
        responseTimeout = deployment.responseTimeout
        isSilent = deployment.isSilent
        allowsUnmatched = true
    }
}
