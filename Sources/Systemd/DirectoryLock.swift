// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The exclusive right to keep files in a directory, held until this object goes, or the process
/// however it ends.
package final class DirectoryLock {
    private let file: LockFile
    private let identity: FileIdentity?

    /// Locks the file `lock` in a directory. If another process has done so, the error is `isHeld`.
    package init(_ directory: String) throws(SystemError) {
        let file = try LockFile(directory + "/lock")
        // A file system that does not support locks is no reason to keep no files.
        let isLocked = (try? file.lock()) ?? true
        guard isLocked else {
            let reason = "another reprieved keeps its files in " + directory
            throw SystemError("lock", path: file.path, errno: EWOULDBLOCK, because: reason)
        }
        identity = file.identity
        self.file = file
    }

    /// Whether the locked file is still the one that another process would find there.
    package var isInPlace: Bool { FileIdentity(at: file.path) == identity }
}
