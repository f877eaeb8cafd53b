// SPDX-License-Identifier: Apache-2.0

import Systemd

/// The directories that are used where nothing is configured: those that the service manager
/// names, else the system's for root, else the user's own.
enum DefaultDirectories {
    static var configuration: String {
        ServiceDirectories.configuration ?? OwnDirectories.configuration
    }

    static var runtime: String { ServiceDirectories.runtime ?? OwnDirectories.runtime }

    static var state: String { ServiceDirectories.state ?? OwnDirectories.state }
}
