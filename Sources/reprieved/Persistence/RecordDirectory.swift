// SPDX-License-Identifier: Apache-2.0

import Glibc
import Systemd

/// A directory in which this process alone keeps files.
final class RecordDirectory {
    let path: String
    private let log: Log
    private var lock: DirectoryLock?

    init(_ path: String, log: Log) {
        self.path = path
        self.log = log
    }

    /// Makes the directory and locks it, where that has yet to be done, or to be done again. To be
    /// called before a file is put there.
    func claim() throws(SystemError) {
        if let lock {
            if lock.isInPlace { return }
            log.write(.warning, "\(path) was removed or emptied; it is made again")
        }
        lock = nil
        try makeDirectory(path)
        lock = try DirectoryLock(path)
    }

    /// Whether it has not been removed or emptied since it was claimed.
    var isInPlace: Bool { lock?.isInPlace ?? true }

    /// Has the names of its files outlive the device's death.
    func sync() throws(SystemError) {
        let error = syncDirectory(path)
        if error != 0 { throw SystemError("sync", path: path, errno: error) }
    }

    /// Whether both paths lead to the same directory, which must not be locked twice.
    func isSame(as other: String) -> Bool {
        var (one, two) = (stat(), stat())
        guard stat(path.rawCString, &one) == 0, stat(other.rawCString, &two) == 0 else {
            return path == other
        }
        return one.st_dev == two.st_dev && one.st_ino == two.st_ino
    }
}

/// Makes a directory, and those above it that are not there. Fails if another user can put another
/// one in its place.
func makeDirectory(_ path: String) throws(SystemError) {
    try File.ensureTrusted(wayTo: path)
    try File.makeDirectory(path)
    // Where all may make directories, another user may have been faster.
    try File.ensureTrusted(wayTo: path)
}

/// Returns what was left in `errno`, 0 if nothing was.
private func syncDirectory(_ path: String) -> Int32 {
    let file = open(path.rawCString, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard file >= 0 else { return errno }
    defer { close(file) }
    return fsync(file) == 0 ? 0 : errno
}
