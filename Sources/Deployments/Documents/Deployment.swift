// SPDX-License-Identifier: Apache-2.0

/// What a deployment asks for.
package struct Deployment: Hashable, Sendable {
    /// A component that the deployment names.
    package struct Root: Hashable, Sendable {
        package var name: String
        /// As the document spells it. Usually a version, but a nucleus also takes a range.
        package var requirement: String
        var range: VersionRange? { VersionRange(requirement) }
    }

    package enum Action: String, CaseIterable, Sendable {
        case notify = "NOTIFY_COMPONENTS"
        case skip = "SKIP_NOTIFY_COMPONENTS"
    }

    package var id: String?
    package var roots: [Root] = []
    /// The group of devices that the deployment is for, if the document says it.
    package var group: String?
    package var action = Action.notify
    package var timeoutMs: Int64 = 60_000
    /// Made on the device itself, such as by `greengrass-cli deployment create`.
    package var isLocal = false
    /// The components whose configuration it updates, or the user or limits that they run with.
    var configured: Set<String> = []
    /// Settings of the nucleus that it changes, and which a nucleus only reads when it starts.
    var startupSettings: [String] = []
    /// What the document leaves open, for the operator.
    package var warnings: [String] = []

    package init() {}

    /// The group of deployments that are made on the device itself.
    package static let localGroup = "LOCAL_DEPLOYMENT"
}
