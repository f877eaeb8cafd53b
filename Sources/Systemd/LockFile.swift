// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A file that exists only to be locked. The lock is released with this value, or with the process
/// however it ends; the file stays, since to remove a lock file is a race of its own.
///
/// A directory or a file with content is never locked itself: every user who may open a file may
/// lock it, and hold that lock for ever. A lock file can be opened by its owner and by root only.
package struct LockFile: ~Copyable {
    package let path: String
    private let file: Descriptor

    package init(_ path: String) throws(SystemError) {
        file = try Self.open(path)
        self.path = path
    }

    /// Another user's file is not used.
    private static func open(_ path: String) throws(SystemError) -> Descriptor {
        // Even to open it may be forbidden.
        if let reason = try File.look(at: path)?.whyForeign { throw .distrust(path, reason) }
        // Read-only, so that it can be opened on a file system that is. A FIFO in its place must
        // not block.
        let flags = O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let number = Glibc.open(path.rawCString, flags, 0o600)
        let file = Descriptor(owning: try check(number, "open", path: path))
        var status = stat()
        try check(fstat(number, &status), "look at", path: path)
        if let reason = status.whyForeign { throw .distrust(path, reason) }
        // One that others may open comes from elsewhere. One with another name may be any file of
        // root's, and keeps its mode.
        if status.st_mode & 0o077 != 0, status.st_nlink == 1 { fchmod(number, 0o600) }
        return file
    }

    package var identity: FileIdentity? { FileIdentity(of: file.number) }

    /// Returns whether the lock is now held here; false if another process holds it.
    package func lock() throws(SystemError) -> Bool {
        if flock(file.number, LOCK_EX | LOCK_NB) == 0 { return true }
        guard errno == EWOULDBLOCK else { throw SystemError("lock", path: path, errno: errno) }
        return false
    }

    /// Waits until the lock is held here. After `limit`, the error is `isHeld`.
    package func lock(within limit: Duration) throws(SystemError) {
        // `ContinuousClock` would link Swift's concurrency and libdispatch into the daemon.
        let end = EventLoop.read(CLOCK_BOOTTIME) + limit
        while try !lock() {
            guard EventLoop.read(CLOCK_BOOTTIME) < end else {
                let reason = "another process holds the lock; lslocks shows which one"
                throw SystemError("lock", path: path, errno: EWOULDBLOCK, because: reason)
            }
            usleep(20_000)
        }
    }
}

extension SystemError {
    /// Whether another process holds the lock that was wanted.
    package var isHeld: Bool { operation == "lock" && errno == EWOULDBLOCK }
}
