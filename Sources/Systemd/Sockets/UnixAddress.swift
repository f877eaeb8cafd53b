// SPDX-License-Identifier: Apache-2.0

import Glibc
import ReprieveTypes

/// The address of a Unix socket in the file system.
struct UnixAddress {
    let path: String
    private var address = sockaddr_un()

    init(_ path: String) throws(SystemError) {
        let room = MemoryLayout.size(ofValue: address.sun_path) - 1
        let bytes = path.rawBytes
        guard bytes.count <= room else {
            let reason = "the path has \(bytes.count) bytes; a socket's may have at most \(room)"
            throw SystemError("use", path: path, errno: ENAMETOOLONG, because: reason)
        }
        // The kernel would bind these to an automatic name, and to a shorter name.
        guard !bytes.isEmpty, !bytes.contains(0) else {
            let reason = "a path must not be empty or contain a NUL"
            throw SystemError("use", path: path, errno: EINVAL, because: reason)
        }
        self.path = path
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    }

    /// The address that a socket is bound to, if it is in the file system.
    init?(of descriptor: Int32) {
        var bound = sockaddr_un()
        var length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafeMutablePointer(to: &bound) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &length)
            }
        }
        guard result == 0 else { return nil }
        let path = withUnsafeBytes(of: bound.sun_path) {
            String(rawBytes: $0.prefix { $0 != 0 }.map(\.self))
        }
        try? self.init(path)
    }

    func bind(_ descriptor: Int32) -> Int32 {
        withSocketAddress { Glibc.bind(descriptor, $0, $1) }
    }

    func connect(_ descriptor: Int32) -> Int32 {
        withSocketAddress { Glibc.connect(descriptor, $0, $1) }
    }

    private func withSocketAddress(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
