// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The sockets of the brokers in tests.
enum Socket {
    static func freshPath() -> String {
        "/tmp/reprieve-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max)).socket"
    }

    static func listen(at path: String) -> Int32 {
        let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        precondition(result == 0, "a fresh path can be bound")
        precondition(Glibc.listen(number, 16) == 0, "a bound socket can listen")
        return number
    }

    /// The next bytes; nil at the end.
    static func receive(on number: Int32) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(number, &buffer, buffer.count, 0)
        return count > 0 ? Array(buffer[..<count]) : nil
    }

    /// Hangs up, also where a process that a test has started meanwhile keeps the socket open.
    static func end(_ number: Int32) {
        shutdown(number, Int32(SHUT_RDWR))
        close(number)
    }

    static func send(_ bytes: [UInt8], on number: Int32) {
        _ = Glibc.send(number, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }
}
