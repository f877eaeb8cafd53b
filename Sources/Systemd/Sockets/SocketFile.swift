// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// The file of a listening socket.
struct SocketFile {
    private let path: String
    private let identity: FileIdentity?

    /// Binds a socket, which creates the file at the address.
    ///
    /// The file starts with the mode of the socket, 0600. It gets its group before its own mode.
    /// So its permissions are never wider than they should be, whatever the umask; and the umask,
    /// which all threads share, is not changed.
    init(
        binding descriptor: Int32,
        to address: UnixAddress,
        mode: UInt32,
        group: UInt32?
    ) throws(SystemError) {
        path = address.path
        try check(fchmod(descriptor, 0o600), "set the mode of", path: path)
        try check(address.bind(descriptor), "bind", path: path)
        if let group {
            try check(lchown(path.rawCString, UInt32.max, group), "set the group of", path: path)
        }
        try check(chmod(path.rawCString, mode), "set the mode of", path: path)
        identity = try File.look(at: path).map(FileIdentity.init)
    }

    var isInPlace: Bool { FileIdentity(at: path) == identity }

    /// Deletes the file, unless another file has taken its place.
    func remove() {
        guard let found = try? File.look(at: path), FileIdentity(found) == identity else { return }
        unlink(path.rawCString)
    }

    /// Deletes a socket file whose process has ended. Anything else is left as it is.
    static func removeStale(at address: UnixAddress) throws(SystemError) {
        let path = address.path
        guard let found = try File.look(at: path) else { return }
        if let reason = found.whyForeign { throw .distrust(path, reason) }
        guard found.st_mode & S_IFMT == S_IFSOCK else {
            let reason = "another kind of file is there"
            throw SystemError("listen on", path: path, errno: EEXIST, because: reason)
        }
        try ensureUnserved(address)
        try check(unlink(path.rawCString), "delete", path: path)
    }

    private static func ensureUnserved(_ address: UnixAddress) throws(SystemError) {
        let path = address.path
        let probe = Descriptor(owning: try check(reprieve_unix_socket(), "make a socket"))
        // EAGAIN: a process listens, and its backlog is full.
        if address.connect(probe.number) == 0 || errno == EAGAIN { throw .alreadyServed(path) }
        if errno != ECONNREFUSED { throw SystemError("replace", path: path, errno: errno) }
    }
}
