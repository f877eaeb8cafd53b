// SPDX-License-Identifier: Apache-2.0

/// Why an update cannot be held back.
public struct UpdatesError: Error, Hashable, Sendable {
    @nonexhaustive
    public enum Code: Hashable, Sendable {
        /// The gate has opened already: what was to be protected must not begin now.
        case updateUnderway
    }

    public let code: Code
    public let message: String

    static func updateUnderway(_ deploymentID: String) -> UpdatesError {
        UpdatesError(
            code: .updateUnderway,
            message: "the update \(deploymentID) goes ahead already, it cannot be held back"
        )
    }
}
