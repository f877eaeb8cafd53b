// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The sole right to keep files in a directory, held until this object goes, or the process
/// however it ends.
package final class DirectoryLock {
    /// Stays there: to remove a lock file is a race of its own.
    private let path: String
    private let file: Descriptor
    private let identity: FileIdentity?

    /// Locks the file `lock` in a directory. Where somebody else has done so the error is `isHeld`.
    ///
    /// Not the directory itself: whoever may open a file may lock it, and many may open that.
    package init(_ directory: String) throws(SystemError) {
        path = directory + "/lock"
        // Not to be written, so that it can be opened where nothing can be written. A FIFO in its
        // place would hold us up for ever.
        let flags = O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let file = Descriptor(owning: try check(open(path, flags, 0o600), "open", path: path))
        // A file system that knows no locks is no reason to keep nothing.
        if flock(file.number, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
            let reason = "another reprieved keeps its files in " + directory
            throw SystemError("lock", path: path, errno: EWOULDBLOCK, because: reason)
        }
        identity = FileIdentity(of: file.number)
        self.file = file
    }

    /// Whether it still is what somebody else would find who wanted to lock the directory.
    package var isInPlace: Bool { FileIdentity(at: path) == identity }
}

extension SystemError {
    /// Whether somebody else holds the lock that was wanted.
    package var isHeld: Bool { operation == "lock" && errno == EWOULDBLOCK }
}
