// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// A Unix stream socket that listens at a path. It is closed with this object.
package final class ListenSocket {
    /// Connections that may wait to be accepted. The kernel lowers it to `net.core.somaxconn`.
    private static let backlog: Int32 = 4096

    /// Where it listens; empty for an inherited socket without a file.
    package let path: String
    private var owned: Descriptor
    /// Nil for inherited sockets, whose file is not deleted.
    private var file: SocketFile?
    /// The file of an inherited socket, where there is one.
    private let inheritedFile: FileIdentity?
    private var lock: PathLock?
    private let mode: UInt32
    private let group: UInt32?

    package var descriptor: Int32 { owned.number }

    /// Listens at `path`. A socket file of a process that has ended is replaced.
    ///
    /// The file gets exactly these permission bits, and this group. It is an error if another
    /// process serves the path, if another kind of file is there, if the path is too long, or if
    /// another user can put another socket there.
    package init(
        at path: String,
        mode: UInt32,
        group: UInt32? = nil
    ) throws(SystemError) {
        let address = try UnixAddress(path)
        try File.ensureTrusted(wayTo: File.directory(of: path))
        let lock = try PathLock(path)
        try SocketFile.removeStale(at: address)
        let owned = Descriptor(owning: try check(reprieve_unix_socket(), "make a socket"))
        let file = try SocketFile(binding: owned.number, to: address, mode: mode, group: group)
        try check(listen(owned.number, Self.backlog), "listen on", path: path)
        self.path = path
        self.owned = owned
        self.file = file
        inheritedFile = nil
        self.lock = consume lock
        self.mode = mode
        self.group = group
    }

    /// Listens at the path again, from which the file was removed. Connections that wait to be
    /// accepted are lost.
    func restore() throws(SystemError) {
        let address = try UnixAddress(path)
        try File.ensureTrusted(wayTo: File.directory(of: path))
        if !(lock?.isInPlace ?? false) {
            lock = nil
            lock = try PathLock(path)
        }
        try SocketFile.removeStale(at: address)
        let fresh = Descriptor(owning: try check(reprieve_unix_socket(), "make a socket"))
        file = try SocketFile(binding: fresh.number, to: address, mode: mode, group: group)
        try check(listen(fresh.number, Self.backlog), "listen on", path: path)
        owned = fresh
    }

    /// Whether this process has made the socket's file.
    package var isOwn: Bool { file != nil }

    /// Whether clients find this socket at its path.
    package var isInPlace: Bool {
        if let inheritedFile { return FileIdentity(at: path) == inheritedFile }
        return file?.isInPlace ?? true
    }

    /// Takes over a socket that another process has bound. The file stays that process's.
    package init(inheriting inherited: InheritedDescriptor) throws(SystemError) {
        let descriptor = inherited.number
        let owned = Descriptor(owning: descriptor)
        let kind = sd_is_socket_unix(descriptor, Int32(SOCK_STREAM.rawValue), 1, nil, 0)
        guard try checkSystemd(kind, "look at an inherited socket") > 0 else {
            let reason = "it is not a listening Unix stream socket"
            throw SystemError("use an inherited socket", path: nil, errno: EINVAL, because: reason)
        }
        let flags = try check(fcntl(descriptor, F_GETFL), "look at an inherited socket")
        try check(fcntl(descriptor, F_SETFL, flags | O_NONBLOCK), "change an inherited socket")
        path = UnixAddress(of: descriptor)?.path ?? ""
        inheritedFile = FileIdentity(at: path)
        self.owned = owned
        file = nil
        lock = nil
        (mode, group) = (0, nil)
    }

    deinit { file?.remove() }
}
