// SPDX-License-Identifier: Apache-2.0

package import ReprieveProtocol
internal import ReprieveTypes
package import StrictJSON

/// Why a component's subscription ended, or was not made.
package enum SubscriptionError: Error, Hashable, Sendable, CustomStringConvertible {
    case connection(ConnectionError)
    /// The broker answered with an error.
    case refused(ErrorShape, path: String)
    /// A payload of the broker cannot be decoded.
    case malformed(JSONError, path: String)
    /// The broker closed the stream, and not the connection.
    case ended(path: String)

    package var description: String {
        switch self {
        case .connection(let error): return error.message
        case .refused(let error, let path):
            let reason = printable(error.message)
            return "the broker at \(shown(path)) refuses the subscription: \(reason); change its"
                + " configuration, or the component's name"
        case .malformed(let error, let path):
            let reason = printable(error.message, limit: Limits.text)
            return "the broker at \(shown(path)) sent an event that makes no sense: \(reason);"
                + " check that both are of the same version"
        case .ended(let path):
            return "the broker at \(shown(path)) ended the subscription: see reprieved's journal"
        }
    }

    /// Whether another attempt may succeed soon, as when the broker is being restarted.
    package var isTemporary: Bool {
        switch self {
        case .connection(let error): error.isTemporary
        case .refused(let error, _): error.code == .serviceError
        case .malformed, .ended: true
        }
    }
}

private func shown(_ path: String) -> String { printable(path.repaired, limit: Limits.text) }
