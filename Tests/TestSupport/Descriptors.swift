// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How many descriptors this process has open.
package func openDescriptors() -> Int {
    guard let directory = opendir("/proc/self/fd") else { preconditionFailure("no /proc") }
    defer { closedir(directory) }
    var count = 0
    while readdir(directory) != nil { count += 1 }
    return count
}

/// Takes away this process's right to open the file at `path`.
package func forbidOpening(_ path: String) {
    chmod(path, 0)
    // Modes do not hold for root.
    if getuid() == 0 { seteuid(65_534) }
}
