// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import ReprieveTransport
internal import Systemd

/// A socket of the broker, as it is on this device.
struct FoundSocket: Hashable, Sendable {
    enum Role: String, Sendable {
        case component
        case control
    }

    var role: Role
    var path: String
    /// The permissions; nil where there is no such file.
    var mode: UInt32?
    /// The uid; nil where there is no such file.
    var owner: UInt32?
    /// Why no connection was made; nil where one was.
    var failure: String?

    init(_ role: Role, at path: String, failure: String? = nil) {
        self.role = role
        self.path = path
        self.failure = failure
        var status = stat()
        guard stat(path.rawCString, &status) == 0 else { return }
        (mode, owner) = (status.st_mode & 0o777, status.st_uid)
    }
}

func findings(about socket: FoundSocket) -> [Finding] {
    let name = "the \(socket.role.rawValue) socket \(shown(socket.path))"
    guard socket.failure == nil else {
        let advice = "systemctl status reprieved; systemctl restart reprieved.socket"
        return [.problem("\(name) cannot be used: \(socket.failure ?? "")", advice)]
    }
    guard let mode = socket.mode else { return [.good("\(name) takes connections")] }
    let text = "\(name) takes connections, with mode \(octal(mode))"
    switch socket.role {
    case .control where mode & 0o006 != 0:
        let advice = "set SocketMode=0660 in reprieved-control.socket"
        return [.problem("\(text): every user may force and cancel updates", advice)]
    case .component where mode & 0o002 == 0:
        let advice = "components of other users need SocketMode=0666 in reprieved.socket"
        return [.note("\(text): not every user may connect", advice)]
    default: return [.good(text)]
    }
}

private func octal(_ mode: UInt32) -> String {
    let digits = String(mode, radix: 8)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
}
