// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Where the broker of this process's user keeps its files, unless something else is configured:
/// in the system's directories for root, else in the user's own.
package enum OwnDirectories {
    package static var configuration: String {
        own("XDG_CONFIG_HOME", inHome: ".config") ?? SystemDirectories.configuration
    }

    package static var runtime: String { own("XDG_RUNTIME_DIR") ?? SystemDirectories.runtime }

    package static var state: String {
        own("XDG_STATE_HOME", inHome: ".local/state") ?? SystemDirectories.state
    }

    /// A directory of a user other than root.
    private static func own(_ name: String, inHome path: String? = nil) -> String? {
        guard geteuid() != 0 else { return nil }
        if let given = variable(name) { return given + "/reprieve" }
        guard let path, let home = variable("HOME") else { return nil }
        return home + "/" + path + "/reprieve"
    }
}

/// Where the system's broker keeps its files.
package enum SystemDirectories {
    package static let configuration = "/etc/reprieve"
    package static let runtime = "/run/reprieve"
    package static let state = "/var/lib/reprieve"
}

/// The directories that systemd has made for this process.
package enum ServiceDirectories {
    package static var configuration: String? { first(of: "CONFIGURATION_DIRECTORY") }
    package static var runtime: String? { first(of: "RUNTIME_DIRECTORY") }
    package static var state: String? { first(of: "STATE_DIRECTORY") }

    /// Of several, as where a drop-in of the unit adds one, the first is the unit's own.
    private static func first(of name: String) -> String? {
        variable(name)?.split(separator: ":").first.map(String.init)
    }
}

/// An empty variable counts as none.
private func variable(_ name: String) -> String? {
    getenv(name).map { String(rawCString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
}
