// SPDX-License-Identifier: Apache-2.0

/// Why there is no connection to a broker, or none any more.
package struct ConnectionError: Error, Hashable, Sendable {
    package enum Code: Hashable, Sendable {
        case noSocket
        /// The socket's file is there, but nobody listens.
        case refused
        case notPermitted
        /// The broker does not know who this is.
        case denied
        case notABroker
        case timedOut
        case broken
    }

    package let code: Code
    package let path: String
    /// What happened, where, and what to do about it.
    package let message: String

    package init(_ code: Code, _ path: String, because reason: String = "") {
        self.code = code
        self.path = path
        let note = reason.isEmpty ? "" : " (\(reason))"
        self.message =
            switch code {
            case .noSocket:
                "no socket at \(path)\(note): start reprieved, or name the socket that it serves"
            case .refused:
                "nobody listens at \(path)\(note): reprieved has stopped, start it"
            case .notPermitted:
                "this user may not open \(path)\(note): become one who may, or join its group"
            case .denied:
                "the broker at \(path) denied the connection\(note): it needs a token, or a"
                    + " systemd unit, that says which component this is"
            case .notABroker:
                "what listens at \(path) is no broker\(note): name the socket that reprieved serves"
            case .timedOut:
                "the broker at \(path) did not answer in time\(note): see whether reprieved hangs"
            case .broken:
                "the connection to \(path) broke\(note): see reprieved's journal"
            }
    }

    /// Whether the same may succeed a moment later, as when the broker is being restarted.
    package var isTemporary: Bool {
        switch code {
        case .noSocket, .refused, .timedOut, .broken: true
        case .notPermitted, .denied, .notABroker: false
        }
    }
}
