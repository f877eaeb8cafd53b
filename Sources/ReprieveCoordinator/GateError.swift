// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol
internal import ReprieveTransport

/// Why a gate did not open, or why its update's outcome is not known to the broker.
///
/// Never what the body of `withGate` threw: that is thrown as it is.
public struct GateError: Error, Hashable, Sendable {
    @nonexhaustive
    public enum Code: Hashable, Sendable {
        /// A component did not answer, and the policy says that this refuses the update.
        case refused
        /// Somebody withdrew the update while it waited.
        case cancelled
        /// The update or its policy cannot be right. Nothing was announced.
        case invalid
        /// No socket is there, or nobody listens at it.
        case noBroker
        /// Something listens at the socket that does not speak the protocol.
        case notABroker
        /// This user may not open the socket.
        case notPermitted
        /// The broker turned the connection away.
        case denied
        /// The broker took the connection, and then said nothing.
        case noAnswer
        /// The broker was there, is gone, and did not come back in time.
        case connectionLost
        /// The broker knows no update of that id.
        case unknownUpdate
        /// The update is not in a state for this: it is announced with another request, or has
        /// not been released, or has ended otherwise.
        case conflict
        /// The broker does not take the request.
        case rejected
        /// The gate opened and the body returned, but the broker does not know how it went: report
        /// it with `complete`.
        case unreported
    }

    public let code: Code
    /// What was wrong, where, and what to do about it.
    public let message: String

    package init(code: Code, message: String) {
        self.code = code
        self.message = message
    }
}

extension GateError {
    init(_ error: ConnectionError) {
        let code: Code =
            switch error.code {
            case .noSocket, .refused: .noBroker
            case .notABroker: .notABroker
            case .notPermitted: .notPermitted
            case .denied: .denied
            case .timedOut: .noAnswer
            case .broken: .connectionLost
            }
        self.init(code: code, message: error.message)
    }

    init(_ error: ErrorShape) {
        let code: Code =
            switch error.code {
            case .invalidArguments: .invalid
            case .resourceNotFound: .unknownUpdate
            case .conflict: .conflict
            case .serviceError, .unauthorized: .rejected
            }
        self.init(code: code, message: printable(error.message, limit: Limits.text))
    }
}

/// In the terms of those who call: what is neither the broker's nor the connection's stays.
func explained(_ error: any Error) -> any Error {
    switch error {
    case let error as ConnectionError: GateError(error)
    case let error as ErrorShape: GateError(error)
    default: error
    }
}
