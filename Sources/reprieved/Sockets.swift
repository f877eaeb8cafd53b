// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol
import Systemd

/// The two sockets: those that systemd opened for this process before it ran, by their
/// `FileDescriptorName=`, else our own.
struct Sockets {
    let components: ListenSocket
    let control: ListenSocket

    init(_ configuration: Configuration, _ log: Log) throws(SystemError) {
        let inherited = try Self.inherited(log)
        if inherited.count < Self.names.count {
            try makeDirectory(configuration.runtimeDirectory)
        }
        // Not with `??`: it forgets which error its right side throws.
        if let socket = inherited["components"] {
            components = socket
        } else {
            components = try Self.openComponents(configuration)
        }
        if let socket = inherited["control"] {
            control = socket
        } else {
            control = try Self.openControl(configuration)
        }
    }

    private static let names: Set = ["components", "control"]

    private static func inherited(_ log: Log) throws(SystemError) -> [String: ListenSocket] {
        var sockets: [String: ListenSocket] = [:]
        for (name, socket) in try ListenSocket.inherited() {
            if !names.contains(name) {
                let wanted = "FileDescriptorName= is to be components or control"
                let text = "an inherited socket is called \(quoted(name)), and is not used: "
                log.write(.warning, text + wanted)
            } else if sockets.updateValue(socket, forKey: name) != nil {
                log.write(.warning, "of several inherited sockets called \(name), one is used")
            }
        }
        return sockets
    }

    private static func openComponents(
        _ configuration: Configuration
    ) throws(SystemError) -> ListenSocket {
        try ListenSocket(at: configuration.componentSocketPath, mode: 0o666)
    }

    private static func openControl(
        _ configuration: Configuration
    ) throws(SystemError) -> ListenSocket {
        try ListenSocket(
            at: configuration.controlSocketPath,
            mode: configuration.controlGroup == nil ? 0o600 : 0o660,
            group: configuration.controlGroup
        )
    }
}
