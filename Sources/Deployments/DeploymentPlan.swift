// SPDX-License-Identifier: Apache-2.0

/// What a deployment will do: to a device that is new in its group, and to one that is there.
package struct DeploymentPlan: Hashable, Sendable {
    package let deployment: Deployment
    package let newDevice: DevicePlan
    package let existingDevice: DevicePlan
    package private(set) var warnings: [String]

    /// - Parameters:
    ///   - installed: what is on the device that is there; nil if that is not known.
    ///   - isRevised: whether the deployment was created or revised. Otherwise only devices that
    ///     are new in its group get it.
    package init(
        _ deployment: Deployment,
        installed: InstalledComponents?,
        catalogue: Catalogue,
        isRevised: Bool = true
    ) {
        self.deployment = deployment
        let isKnown = installed?.components != nil
        var new = Planner(deployment, nil, mayRunMore: false, catalogue)
        var existing = Planner(deployment, installed, mayRunMore: !isKnown, catalogue)
        newDevice = new.plan()
        existingDevice = isRevised ? existing.plan() : existing.unchanged()
        warnings = deployment.warnings
        if !isKnown {
            warnings.append(
                "what is installed is not known: any component may run, and what is removed is not"
                    + " shown"
            )
        }
        if catalogue.isEmpty {
            warnings.append(
                "there are no recipes and no catalogue: dependencies and bootstrap steps are not"
                    + " known"
            )
        }
        for warning in new.warnings + (isRevised ? existing.warnings : [])
        where !warnings.contains(warning) {
            warnings.append(warning)
        }
    }

    /// Adds what only the device itself knows.
    package mutating func warn(_ text: String) { warnings.append(text) }
}
