// SPDX-License-Identifier: Apache-2.0

import Systemd

/// The two sockets: those that systemd opened for this process before it ran, by their
/// `FileDescriptorName=`, else our own.
struct Sockets {
    let components: ListenSocket
    let control: ListenSocket

    init(_ configuration: Configuration, _ log: Log) throws(SystemError) {
        let inherited = try ListenSocket.inherited()
        for one in inherited where one.name != "components" && one.name != "control" {
            log.write(.warning, "an inherited socket is neither components nor control; not used")
        }
        let named = { (name: String) in inherited.first { $0.name == name }?.socket }
        if named("components") == nil || named("control") == nil {
            try makeDirectory(configuration.runtimeDirectory)
        }
        // Not with `??`: it forgets which error its right side throws.
        if let socket = named("components") {
            components = socket
        } else {
            components = try Self.openComponents(configuration)
        }
        if let socket = named("control") {
            control = socket
        } else {
            control = try Self.openControl(configuration)
        }
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
