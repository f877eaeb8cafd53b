// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Which file it is, whatever its path, and how long it was when it was looked at.
package struct FileIdentity: Equatable {
    private let device: dev_t
    private let inode: ino_t
    package let size: Int

    init(_ status: stat) {
        device = status.st_dev
        inode = status.st_ino
        size = Int(status.st_size)
    }

    /// Nil if there is none. A link is a file of its own.
    package init?(at path: String) {
        var status = stat()
        guard lstat(path.rawCString, &status) == 0 else { return nil }
        self.init(status)
    }

    package init?(of descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    /// Whether it is the same file, however long it is by now.
    package static func == (one: FileIdentity, other: FileIdentity) -> Bool {
        one.device == other.device && one.inode == other.inode
    }
}
