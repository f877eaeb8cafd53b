// SPDX-License-Identifier: Apache-2.0

import Glibc

// Files and directories are used only if root and this process's own user alone can change them.

extension stat {
    /// Why another user can change it; nil if none can.
    var whyNotTrusted: String? { whyForeign ?? whyWritable }

    /// Why others than its owner can write to it; nil if they cannot. The bits of a directory with
    /// the sticky bit, and of links and devices, say nothing.
    fileprivate var whyWritable: String? {
        let kind = st_mode & S_IFMT
        let isShared =
            kind == S_IFREG || kind == S_IFIFO || kind == S_IFDIR && st_mode & S_ISVTX == 0
        guard isShared, st_mode & 0o022 != 0 else { return nil }
        return "its mode is \(modeText), and others may not write to it; chmod go-w it"
    }

    /// Why its owner is not trusted; nil if it is root, or this process's user.
    var whyForeign: String? {
        let own = geteuid()
        guard st_uid != 0, st_uid != own else { return nil }
        return "it belongs to uid \(st_uid), and not to root"
            + (own == 0 ? "" : " or uid \(own)") + "; chown it, or remove it"
    }

    /// Why it is no file for secrets; nil if it is.
    var whyNotPrivate: String? {
        if st_mode & S_IFMT != S_IFREG { return "it is no ordinary file" }
        if let reason = whyForeign { return reason }
        guard st_mode & 0o077 != 0 else { return nil }
        return "its mode is \(modeText), and others may not read or write it; chmod 600 it"
    }

    private var modeText: String { "0" + String(st_mode & 0o777, radix: 8) }
}

extension SystemError {
    static func distrust(_ path: String, _ reason: String) -> Self {
        SystemError("trust", path: path, errno: EPERM, because: reason)
    }

    static func noFile(_ operation: String, _ path: String) -> Self {
        SystemError(operation, path: path, errno: EINVAL, because: "it is no ordinary file")
    }

    /// Whether another user can change what was to be used.
    package var isDistrust: Bool { operation == "trust" }
}

extension File {
    /// Fails if there is a file at the path that another user can change. A link is a file of its
    /// own.
    package static func ensureTrusted(_ path: String) throws(SystemError) {
        guard let status = try look(at: path), let reason = status.whyNotTrusted else { return }
        throw .distrust(path, reason)
    }

    /// Fails if another user can put something else in the place of a file or directory, or of what
    /// is in a directory: it, all directories above it, and all links on the way are looked at.
    /// What is not there yet is no error.
    package static func ensureTrusted(wayTo path: String) throws(SystemError) {
        var walk = try PathWalk(path)
        // The owner of the root directory is root, also in a user namespace, where root may have
        // another number.
        let root = try look(at: "/")?.st_uid
        while let step = walk.next() {
            guard let status = try look(at: step) else { return }
            let reason = status.st_uid == root ? status.whyWritable : status.whyNotTrusted
            if let reason { throw .distrust(step, reason) }
            if status.st_mode & S_IFMT == S_IFLNK { try walk.follow() }
        }
    }

    /// Nil if there is none.
    static func look(at path: String) throws(SystemError) -> stat? {
        var status = stat()
        if lstat(path.rawCString, &status) == 0 { return status }
        if errno == ENOENT || errno == ENOTDIR { return nil }
        throw SystemError("look at", path: path, errno: errno)
    }
}
