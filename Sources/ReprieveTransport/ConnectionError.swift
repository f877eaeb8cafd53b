// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol
internal import ReprieveTypes

/// Why there is no connection to a broker, or why it ended.
package struct ConnectionError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        case noSocket
        /// The socket's file exists, but no process listens on it.
        case refused
        case notPermitted
        /// The broker does not know the name of this process.
        case denied
        /// A connection that needs no name at a control socket was denied.
        case notControl
        case notABroker
        case timedOut
        /// This process, or the system, has no room for another connection.
        case exhausted
        case broken
        /// The path cannot be that of a socket.
        case invalidPath
    }

    package let code: Code
    package let path: String
    /// What happened, the path, the cause where it is known, and what to do.
    package let message: String

    package var description: String { message }

    package init(_ code: Code, _ path: String, because reason: String = "") {
        self.code = code
        self.path = path
        let note = reason.isEmpty ? "" : " (\(printable(reason, limit: Limits.text)))"
        let path = path.isEmpty ? "\"\"" : printable(path.repaired, limit: Limits.text)
        self.message =
            switch code {
            case .invalidPath: "\(path) cannot be the path of a socket\(note)"
            case .noSocket:
                "no socket at \(path)\(note): start reprieved, or name the socket that it serves"
            case .refused:
                "no process listens at \(path)\(note): start reprieved"
            case .notPermitted:
                "this user may not open \(path)\(note): join the socket's group, or be another user"
            case .denied:
                "the broker at \(path) denied the connection\(note): the component needs a token,"
                    + " or a systemd unit, that gives it a name"
            case .notControl:
                "the broker at \(path) denied the connection\(note): this may be its component"
                    + " socket; name its control socket"
            case .notABroker:
                "the process that listens at \(path) is no broker\(note): name reprieved's socket"
            case .timedOut:
                "the broker at \(path) did not answer in time\(note): check whether reprieved hangs"
            case .exhausted:
                "this process cannot connect to \(path)\(note): raise its limits, such as ulimit -n"
            case .broken:
                "the connection to \(path) broke\(note): see reprieved's journal"
            }
    }

    /// Whether another attempt may succeed soon, as when the broker is being restarted.
    package var isTemporary: Bool {
        switch code {
        case .noSocket, .refused, .timedOut, .exhausted, .broken: true
        case .notPermitted, .denied, .notControl, .notABroker, .invalidPath: false
        }
    }
}
