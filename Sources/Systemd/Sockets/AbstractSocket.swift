// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// A socket for datagrams from processes that know its name. It is in no file system.
package final class AbstractSocket: Sendable {
    package let descriptor: Int32
    package let name: String

    package init(named name: String) throws(SystemError) {
        self.name = name
        descriptor = try check(Self.open(), "open a socket")
        guard Self.withAddress(name, { bind(descriptor, $0, $1) }) == 0 else {
            let error = SystemError("bind", path: "@" + name, errno: errno)
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }

    /// The next datagram; nil if there is none.
    package func next() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 1_024)
        let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        return count < 0 ? nil : Array(bytes.prefix(count))
    }

    /// Does nothing if there is no such socket any more. Where its queue is full, which another
    /// process can bring about, this waits for a second at most.
    package static func send(_ bytes: [UInt8], to name: String) {
        let sender = open()
        guard sender >= 0 else { return }
        defer { close(sender) }
        var limit = timeval(tv_sec: 1, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(sender, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        _ = withAddress(name) { address, length in
            Int32(sendto(sender, bytes, bytes.count, 0, address, length))
        }
    }

    private static func open() -> Int32 {
        socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    }

    private static func withAddress(
        _ name: String,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // A NUL comes first.
        let bytes = [0] + name.utf8.prefix(MemoryLayout.size(ofValue: address.sun_path) - 1)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = MemoryLayout<sa_family_t>.size + bytes.count
        return withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
        }
    }
}
