// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The sole right to serve a path, held until this value goes, or the process.
///
/// Of two that start at once, both would find the same stale socket, and the later one would
/// delete what the earlier one has just put in its place. The lock lets only one look.
struct PathLock: ~Copyable {
    private let file: Descriptor

    /// Locks `path` + ".lock", which stays there: to remove a lock file is a race of its own.
    init(_ path: String) throws(SystemError) {
        let name = path + ".lock"
        // Whoever may open a file may lock it, so nobody else may.
        let number = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        let file = Descriptor(owning: try check(number, "open", path: name))
        guard flock(file.number, LOCK_EX | LOCK_NB) == 0 else {
            if errno == EWOULDBLOCK { throw .alreadyServed(path) }
            throw SystemError("lock", path: name, errno: errno)
        }
        self.file = file
    }
}
