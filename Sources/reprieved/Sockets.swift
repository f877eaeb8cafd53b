// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol
import Systemd

/// The sockets that the daemon listens at: those that systemd opened before it started this
/// process, known by their `FileDescriptorName=`, else its own. Several may have one name.
struct Sockets {
    let components: [ListenSocket]
    let control: [ListenSocket]

    init(
        _ configuration: Configuration,
        _ descriptors: [InheritedDescriptor],
        _ log: Log
    ) throws(SystemError) {
        let inherited = try Self.inherited(descriptors, log)
        if inherited.count < Self.names.count {
            do throws(SystemError) { try makeDirectory(configuration.runtimeDirectory) } catch {
                throw error.adding("use another --runtime-directory")
            }
        }
        // Not with `??`, which loses the type of the error that its right side throws.
        if let sockets = inherited["components"] {
            components = sockets
        } else {
            components = [try Self.openComponents(configuration)]
        }
        if let sockets = inherited["control"] {
            control = sockets
        } else {
            control = [try Self.openControl(configuration)]
        }
    }

    /// One line for the log.
    var summary: String {
        let places = [components, control].map { $0.map(\.path).joined(separator: " and ") }
        return "serving components at \(places[0]), control at \(places[1])"
    }

    private static let names: Set = ["components", "control"]

    private static func inherited(
        _ descriptors: [InheritedDescriptor],
        _ log: Log
    ) throws(SystemError) -> [String: [ListenSocket]] {
        var sockets: [String: [ListenSocket]] = [:]
        for descriptor in descriptors {
            let name = descriptor.name
            if names.contains(name) {
                sockets[name, default: []].append(try ListenSocket(inheriting: descriptor))
            } else {
                descriptor.discard()
                let advice = "its FileDescriptorName= must be components or control"
                log.write(.warning, "not using the inherited socket \(quoted(name)); " + advice)
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
