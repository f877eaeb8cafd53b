// SPDX-License-Identifier: Apache-2.0

/// The exclusive right to serve a path, held until this value goes, or the process.
///
/// Of two processes that start at once, both would find the same stale socket, and the later one
/// would delete the socket that the earlier one has just put in its place. With the lock, only one
/// of them looks.
struct PathLock: ~Copyable {
    private let file: LockFile

    /// Whether another process would find the locked file.
    var isInPlace: Bool { FileIdentity(at: file.path) == file.identity }

    /// Locks the file `path` + ".lock".
    init(_ path: String) throws(SystemError) {
        let file = try LockFile(path + ".lock")
        guard try file.lock() else { throw .alreadyServed(path) }
        self.file = file
    }
}
