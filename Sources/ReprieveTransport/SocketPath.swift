// SPDX-License-Identifier: Apache-2.0

internal import ReprieveTypes

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The default paths of the broker's two sockets.
package enum SocketPath {
    /// The path that Greengrass passes to its components, else the default.
    package static var component: String {
        environment("AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT")
            ?? byDefault("ipc.socket")
    }

    package static var control: String { byDefault("control.socket") }

    private static func byDefault(_ name: String) -> String {
        path(name, isRoot: getuid() == 0, runtimeDirectory: environment("XDG_RUNTIME_DIR"))
    }

    package static func path(
        _ name: String,
        isRoot: Bool,
        runtimeDirectory: String?
    ) -> String {
        guard !isRoot, let runtimeDirectory else { return "/run/reprieve/" + name }
        return runtimeDirectory + "/reprieve/" + name
    }
}

/// A variable of the environment, with its raw bytes. An empty one counts as absent.
package func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    let bytes = UnsafeRawBufferPointer(start: value, count: strlen(value))
    return String(rawBytes: Array(bytes))
}
