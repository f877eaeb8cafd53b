// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc
import ReprieveTypes

/// Small files, read and written whole.
package enum File {
    /// The content of a file, nil if there is none. One that is longer than allowed is an error.
    package static func read(
        _ path: String,
        atMost limit: Int
    ) throws(SystemError) -> [UInt8]? {
        guard let file = try openToRead(path) else { return nil }
        return try readAll(file, path, limit)
    }

    /// The same of a file that may be a pipe: each part of it may take a minute to come.
    package static func readPatiently(
        _ path: String,
        atMost limit: Int
    ) throws(SystemError) -> [UInt8]? {
        guard let file = try openToRead(path) else { return nil }
        return try readAll(file, path, limit, patience: 60_000)
    }

    /// The same of a file that other users must not have written, or put there.
    package static func readTrusted(
        _ path: String,
        atMost limit: Int
    ) throws(SystemError) -> [UInt8]? {
        try ensureTrusted(wayTo: path)
        guard let file = try openToRead(path) else { return nil }
        try ensure(file, path) { $0.whyNotTrusted }
        return try readAll(file, path, limit)
    }

    /// The same of a file with secrets, which other users must not read, write or put there.
    package static func readPrivate(
        _ path: String,
        atMost limit: Int
    ) throws(SystemError) -> [UInt8]? {
        try ensureTrusted(wayTo: path)
        guard let file = try openToRead(path) else { return nil }
        try ensure(file, path) { $0.whyNotPrivate }
        return try readAll(file, path, limit)
    }

    /// The same of a file that this program has put there: a link or anything else is not read.
    package static func readOwn(
        _ path: String,
        atMost limit: Int
    ) throws(SystemError) -> [UInt8]? {
        guard let file = try openToRead(path, O_NOFOLLOW) else { return nil }
        try ensure(file, path) { $0.whyNotTrusted }
        guard try status(of: file, path).st_mode & S_IFMT == S_IFREG else {
            throw .noFile("read", path)
        }
        return try readAll(file, path, limit)
    }

    /// The names of a directory's entries, sorted; none if it is not there.
    package static func names(in path: String) throws(SystemError) -> [String] {
        guard let directory = opendir(path.rawCString) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw SystemError("read", path: path, errno: errno)
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(withUnsafePointer(to: &entry.pointee.d_name.0) { String(rawCString: $0) })
        }
        return names.sorted()
    }

    package static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path.rawCString, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The path to which a symbolic link leads, also where there is no file yet; any other path as
    /// it is. A link of another user is an error: it may lead to any file.
    package static func target(of path: String) throws(SystemError) -> String {
        var target = path
        for _ in 0..<maximumLinks {
            guard let next = link(at: target) else { return target }
            if let reason = try look(at: target)?.whyForeign { throw .distrust(target, reason) }
            target = next.hasPrefix("/") ? next : directory(of: target) + "/" + next
        }
        throw SystemError("follow", path: path, errno: ELOOP)
    }

    /// As many as the kernel follows.
    static let maximumLinks = 40

    static func link(at path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path.rawCString, &buffer, buffer.count)
        guard count >= 0 else { return nil }
        return String(rawBytes: buffer.prefix(count).map(UInt8.init(bitPattern:)))
    }

    /// Puts a file in the place of another, whole or not at all, and on the disk before this
    /// returns. Only its owner may read it; the owner stays who it was.
    package static func replacePrivate(_ path: String, with bytes: [UInt8]) throws(SystemError) {
        try replace(path, with: bytes, mode: 0o600, isSynced: true)
        try syncDirectory(of: path)
    }

    /// The same of a file that every user may read and that is made again soon: a loss of power may
    /// leave the old one.
    package static func replacePublic(_ path: String, with bytes: [UInt8]) throws(SystemError) {
        try replace(path, with: bytes, mode: 0o644, isSynced: false)
    }

    private static func replace(
        _ path: String,
        with bytes: [UInt8],
        mode: mode_t,
        isSynced: Bool
    ) throws(SystemError) {
        // A device or a pipe would be lost, and who reads it get nothing.
        if let found = try look(at: path), found.st_mode & S_IFMT != S_IFREG {
            throw .noFile("replace", path)
        }
        // A public file may be written by two processes at once: it is that of one of them.
        let draft = isSynced ? path + ".new" : "\(path).\(getpid()).new"
        unlink(draft.rawCString)
        do throws(SystemError) {
            try write(bytes, to: draft, mode, ownerAs: path, isSynced: isSynced)
            try check(rename(draft.rawCString, path.rawCString), "replace", path: path)
        } catch {
            unlink(draft.rawCString)
            throw error
        }
    }

    /// Makes the directory of a file, and those above it that are not there.
    package static func makeDirectory(of path: String) throws(SystemError) {
        try makeDirectory(directory(of: path))
    }

    /// Makes a directory, and those above it that are not there. Their names survive a loss of
    /// power, where the directory above can be synced.
    package static func makeDirectory(_ path: String) throws(SystemError) {
        var error = make(path)
        let parent = directory(of: path)
        if error == ENOENT, parent != path {
            do throws(SystemError) {
                try makeDirectory(parent)
                error = make(path)
            } catch let failure {
                // What was asked for is named.
                error = failure.errno
            }
        }
        // Another process may have been faster.
        if error == EEXIST { return }
        if error != 0 { throw SystemError("make the directory", path: path, errno: error) }
        try? syncDirectory(of: path)
    }

    /// Returns an error number, or 0.
    private static func make(_ path: String) -> Int32 {
        mkdir(path.rawCString, 0o755) == 0 ? 0 : errno
    }

    /// Has the names in a file's directory survive a loss of power.
    private static func syncDirectory(of path: String) throws(SystemError) {
        let directory = directory(of: path)
        let number = open(directory.rawCString, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        let file = Descriptor(owning: try check(number, "open", path: directory))
        try check(fsync(file.number), "sync", path: directory)
    }

    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Runs `body` while no other process does that wants to change the same file. It locks the
    /// file `.NAME.lock` beside it, for which it waits at most `limit`.
    package static func locked<Result>(
        _ path: String,
        waitingAtMost limit: Duration = .seconds(5),
        _ body: () throws -> Result
    ) throws -> Result {
        let name = path.split(separator: "/").last ?? ""
        let lock = try LockFile("\(directory(of: path))/.\(name).lock")
        try lock.lock(within: limit)
        return try body()
    }

    private static func ensure(
        _ file: borrowing Descriptor,
        _ path: String,
        _ whyNot: (stat) -> String?
    ) throws(SystemError) {
        if let reason = whyNot(try status(of: file, path)) { throw .distrust(path, reason) }
    }

    private static func status(
        of file: borrowing Descriptor,
        _ path: String
    ) throws(SystemError) -> stat {
        var status = stat()
        try check(fstat(file.number, &status), "look at", path: path)
        return status
    }

    private static func openToRead(
        _ path: String,
        _ flags: Int32 = 0
    ) throws(SystemError) -> Descriptor? {
        // To open a FIFO in its place would block for ever.
        let number = open(path.rawCString, O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags)
        if number < 0, errno == ENOENT { return nil }
        return Descriptor(owning: try check(number, "open", path: path))
    }

    private static func readAll(
        _ file: borrowing Descriptor,
        _ path: String,
        _ limit: Int,
        patience milliseconds: Int32 = 0
    ) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4_096)
        while bytes.count <= limit {
            let count = Glibc.read(file.number, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN, hasInput(file, within: milliseconds) { continue }
            if count < 0 { throw SystemError("read", path: path, errno: errno) }
            if count == 0 { return bytes }
            bytes += piece[..<count]
        }
        throw SystemError("read", path: path, errno: EFBIG)
    }

    private static func hasInput(
        _ file: borrowing Descriptor,
        within milliseconds: Int32
    ) -> Bool {
        var request = pollfd(fd: file.number, events: Int16(POLLIN), revents: 0)
        let isReady = poll(&request, 1, milliseconds) > 0
        if !isReady { errno = EAGAIN }
        return isReady
    }

    private static func write(
        _ bytes: [UInt8],
        to path: String,
        _ mode: mode_t,
        ownerAs old: String,
        isSynced: Bool
    ) throws(SystemError) {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
        let number = open(path.rawCString, flags, 0o600)
        let file = Descriptor(owning: try check(number, "create", path: path))
        // Whatever the umask of the caller is.
        try check(fchmod(number, mode), "set the mode of", path: path)
        var status = stat()
        if stat(old.rawCString, &status) == 0, status.st_uid != geteuid() {
            try check(fchown(number, status.st_uid, status.st_gid), "set the owner of", path: path)
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(number, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            try check(Int32(count), "write", path: path)
            rest = rest.dropFirst(count)
        }
        if isSynced { try check(fsync(file.number), "write", path: path) }
    }
}
