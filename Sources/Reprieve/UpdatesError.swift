// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// Why an update cannot be held back. It prints as its message.
public struct UpdatesError: Error, Hashable, Sendable, CustomStringConvertible {
    @nonexhaustive
    public enum Code: Hashable, Sendable {
        /// The gate has opened: what was to be protected must not begin now.
        case updateUnderway
    }

    public let code: Code
    /// Starts in lower case, without a full stop; names the update.
    public let message: String
    /// The update that cannot be held back.
    public let deploymentID: String?
    /// The broker's reply, if that was the cause; nil if the library knew without asking.
    public let cause: String?

    public var description: String { message }

    static func updateUnderway(_ deploymentID: String, _ cause: String?) -> UpdatesError {
        let reason = cause.map { " (\(printable($0)))" } ?? ""
        return UpdatesError(
            code: .updateUnderway,
            message: "the update \(printable(deploymentID)) is under way and cannot be held back"
                + reason,
            deploymentID: deploymentID,
            cause: cause
        )
    }
}
