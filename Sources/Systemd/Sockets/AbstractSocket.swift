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

    /// Does nothing if there is no such socket any more.
    package static func send(_ bytes: [UInt8], to name: String) {
        let sender = open()
        guard sender >= 0 else { return }
        defer { close(sender) }
        _ = withAddress(name) { address, length in
            Int32(sendto(sender, bytes, bytes.count, Int32(MSG_DONTWAIT), address, length))
        }
    }

    private static func open() -> Int32 {
        let flags = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        return socket(AF_UNIX, flags, 0)
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
