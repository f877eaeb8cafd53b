// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Which file it is, whatever its path and its content.
package struct FileIdentity: Equatable {
    private let device: dev_t
    private let inode: ino_t

    init(_ status: stat) {
        device = status.st_dev
        inode = status.st_ino
    }

    /// Nil if there is none. A link is a file of its own.
    package init?(at path: String) {
        var status = stat()
        guard lstat(path.rawCString, &status) == 0 else { return nil }
        self.init(status)
    }

    /// The same with the length of the file, for a path (`rawCString`) that is looked at often.
    package static func found(at rawPath: [CChar]) -> (identity: FileIdentity, size: Int)? {
        var status = stat()
        guard lstat(rawPath, &status) == 0 else { return nil }
        return (FileIdentity(status), Int(status.st_size))
    }

    package init?(of descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }
}
