// SPDX-License-Identifier: Apache-2.0

/// Why a `TestBroker` cannot do what a test asks of it. It prints as its message.
public struct TestBrokerError: Error, Sendable, CustomStringConvertible {
    @nonexhaustive
    public enum Code: Hashable, Sendable {
        /// The broker answered with an error: the update is not in the right state.
        case refused
        /// The broker is stopped.
        case notConnected
    }

    public let code: Code
    /// Starts in lower case, without a full stop.
    public let message: String
    /// The error of the broker, or of the connection to it.
    public let cause: any Error

    public var description: String { message }
}
