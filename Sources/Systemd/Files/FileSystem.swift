// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// The file system that a file is in.
package struct FileSystem: Hashable, Sendable {
    package let isReadOnly: Bool
    /// For other users than root.
    package let freeBytes: Int64
    /// A reboot loses what is in it.
    package let isInMemory: Bool

    /// Nil where there is no such file.
    package init?(of path: String) {
        var status = statvfs()
        guard statvfs(path.rawCString, &status) == 0 else { return nil }
        isReadOnly = status.f_flag & UInt(ST_RDONLY) != 0
        freeBytes = Int64(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
        isInMemory = reprieve_is_in_memory(path.rawCString) != 0
    }
}
