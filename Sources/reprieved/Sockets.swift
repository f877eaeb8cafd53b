// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol
import Systemd

/// The two sockets that the daemon listens at: those that systemd opened before it started this
/// process, known by their `FileDescriptorName=`, else its own.
struct Sockets {
    let components: ListenSocket
    let control: ListenSocket

    init(
        _ configuration: Configuration,
        _ descriptors: [InheritedDescriptor],
        _ log: Log
    ) throws(SystemError) {
        let inherited = try Self.inherited(descriptors, log)
        if inherited.count < Self.names.count {
            try makeDirectory(configuration.runtimeDirectory)
        }
        // Not with `??`, which loses the type of the error that its right side throws.
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

    private static func inherited(
        _ descriptors: [InheritedDescriptor],
        _ log: Log
    ) throws(SystemError) -> [String: ListenSocket] {
        var sockets: [String: ListenSocket] = [:]
        for descriptor in descriptors {
            let name = descriptor.name
            guard names.contains(name) else {
                descriptor.discard()
                let advice = "its FileDescriptorName= must be components or control"
                log.write(.warning, "not using the inherited socket \(quoted(name)); " + advice)
                continue
            }
            let socket = try ListenSocket(inheriting: descriptor)
            if sockets.updateValue(socket, forKey: name) != nil {
                log.write(.warning, "using only one of several inherited sockets named \(name)")
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
