// SPDX-License-Identifier: Apache-2.0

import Glibc
import Systemd

/// The directories that are used where nothing is configured: those that the service manager
/// names, else the system's for root, else the user's own.
enum DefaultDirectories {
    static var configuration: String {
        if let given = variable("CONFIGURATION_DIRECTORY") {
            return given.split(separator: ":").first.map(String.init) ?? given
        }
        return own("XDG_CONFIG_HOME", inHome: ".config") ?? "/etc/reprieve"
    }

    static var runtime: String {
        variable("RUNTIME_DIRECTORY") ?? own("XDG_RUNTIME_DIR") ?? "/run/reprieve"
    }

    static var state: String {
        variable("STATE_DIRECTORY") ?? own("XDG_STATE_HOME", inHome: ".local/state")
            ?? "/var/lib/reprieve"
    }

    /// A directory of a user other than root.
    private static func own(_ name: String, inHome path: String? = nil) -> String? {
        guard geteuid() != 0 else { return nil }
        if let given = variable(name) { return given + "/reprieve" }
        guard let path, let home = variable("HOME") else { return nil }
        return home + "/" + path + "/reprieve"
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(rawCString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }
}
