// SPDX-License-Identifier: Apache-2.0

package import ReprieveProtocol
package import ReprieveTransport

/// Why a gate did not open, or why the broker does not know an update's outcome.
///
/// Errors that the body of `withGate` throws are never wrapped in a `GateError`.
public struct GateError: Error, Hashable, Sendable {
    @nonexhaustive
    public enum Code: Hashable, Sendable {
        /// The broker refused the update: as the policy says when a component does not answer.
        case refused
        /// The update was withdrawn while it waited.
        case cancelled
        /// The update or its policy is not valid. Nothing was announced.
        case invalid
        /// There is no socket, or no process listens at it.
        case noBroker
        /// What listens at the socket does not speak the protocol, or speaks a later version of it.
        case notABroker
        /// This user may not open the socket, or the operator's rules do not allow the request.
        case notPermitted
        /// The broker denied the connection.
        case denied
        /// The broker accepted the connection, and then did not answer.
        case noAnswer
        /// The connection to the broker was lost, and could not be made again in time.
        case connectionLost
        /// The broker knows no update of that id.
        case unknownUpdate
        /// No component that the broker knows has one of the names in `components`. Nothing was
        /// announced.
        case unknownComponent
        /// The update is not in a state for the request: it is announced with another request, is
        /// not released yet, has ended otherwise, or another coordinator makes it.
        case conflict
        /// The broker cannot serve the request now, for instance since too many updates wait.
        case rejected
        /// The gate opened and the body returned, but the broker does not know the outcome, for
        /// the reason in `cause`: report it with `complete`.
        case unreported
    }

    public let code: Code
    /// What was wrong, where, and what to do about it.
    public let message: String
    /// What led to an `unreported` outcome; nil for all other codes.
    public let cause: Code?

    package init(code: Code, message: String, cause: Code? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }
}

extension GateError: CustomStringConvertible {
    /// The message, which names the cause.
    public var description: String { message }
}

extension GateError {
    package init(_ error: ConnectionError) {
        let code: Code =
            switch error.code {
            case .noSocket, .refused: .noBroker
            case .notABroker: .notABroker
            case .invalidPath: .invalid
            case .notPermitted: .notPermitted
            case .denied, .notControl: .denied
            case .timedOut: .noAnswer
            case .exhausted, .broken: .connectionLost
            }
        self.init(code: code, message: error.message)
    }

    package init(_ error: ErrorShape) {
        let code: Code =
            switch error.code {
            case .invalidArguments: .invalid
            case .resourceNotFound: .unknownUpdate
            case .conflict: .conflict
            case .unauthorized: .notPermitted
            case .serviceError: .rejected
            }
        self.init(code: code, message: printable(error.message, limit: Limits.text))
    }

    /// The error for an announcement. An update that is not known is not an error there.
    init(announcement error: ErrorShape) {
        let other = GateError(error)
        let code = other.code == .unknownUpdate ? .unknownComponent : other.code
        self.init(code: code, message: other.message)
    }

    /// A gate that ended without a release.
    init(refused end: WithdrawnShape) {
        self.init(code: .refused, message: "the update was refused" + end.note("because of"))
    }

    init(joined release: ReleasedShape) {
        let id = quoted(release.deploymentID)
        self.init(code: .conflict, message: "another coordinator makes the update \(id)")
    }

    init(cancelled end: WithdrawnShape) {
        self.init(code: .cancelled, message: "the update was cancelled" + end.note("by"))
    }
}

extension WithdrawnShape {
    fileprivate func note(_ word: String) -> String {
        let who = by.isEmpty ? "" : " \(word) " + printable(by, limit: Limits.text)
        return who + (reason.isEmpty ? "" : ": " + printable(reason, limit: Limits.text))
    }
}

/// The public form of an error of the broker or of the connection; every other error as it is.
func publicError(_ error: any Error) -> any Error {
    switch error {
    case let error as ConnectionError: GateError(error)
    case let error as ErrorShape: GateError(error)
    default: error
    }
}
