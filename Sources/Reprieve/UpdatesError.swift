// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// Why a scope of `deferring` did not begin. It prints as its message.
public struct UpdatesError: Error, Hashable, Sendable, CustomStringConvertible {
    @nonexhaustive
    public enum Code: Hashable, Sendable {
        /// The gate has opened: what was to be protected must not begin now.
        case updateUnderway
        /// An update waits, and what was to be protected must not begin before it.
        case updateWaits
    }

    public let code: Code
    /// Starts in lower case, without a full stop; names the update.
    public let message: String
    /// The update that cannot be held back, or goes first.
    public let deploymentID: String?
    /// The broker's reply, if that was the cause; nil if the library knew without asking.
    public let cause: String?

    public var description: String { message }

    static func updateWaits(_ deploymentID: String) -> UpdatesError {
        UpdatesError(
            code: .updateWaits,
            message: "the update \(printable(deploymentID)) waits",
            deploymentID: deploymentID,
            cause: nil
        )
    }

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
