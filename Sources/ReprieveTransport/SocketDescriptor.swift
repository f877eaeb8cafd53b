// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import ReprieveTypes

/// The descriptor of a socket, closed when its owner is deallocated.
struct SocketDescriptor: ~Copyable {
    let number: Int32

    deinit { close(number) }
}

extension SocketDescriptor {
    static func unixSocket() throws(Errno) -> SocketDescriptor {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let number = socket(AF_UNIX, type, 0)
        guard number >= 0 else { throw .latest }
        return SocketDescriptor(number: number)
    }

    /// Waits for at most `timeout` if the queue of the listener is full.
    func connect(to path: String, within timeout: Duration) throws(Errno) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard path.rawBytes.count < capacity else { throw Errno(number: ENAMETOOLONG) }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.rawBytes) }
        limitSending(to: timeout)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw .latest }
    }

    private func limitSending(to timeout: Duration) {
        let parts = timeout.components
        var limit = timeval(
            tv_sec: Int(parts.seconds),
            tv_usec: Int(parts.attoseconds / 1_000_000_000_000)
        )
        setsockopt(
            number,
            SOL_SOCKET,
            SO_SNDTIMEO,
            &limit,
            socklen_t(MemoryLayout<timeval>.size)
        )
    }

    /// Returns the number of bytes that were taken; 0 if the socket has no room.
    func send(_ bytes: ArraySlice<UInt8>) throws(Errno) -> Int {
        let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
        while true {
            let count = bytes.withUnsafeBytes {
                Glibc.send(number, $0.baseAddress, $0.count, flags)
            }
            if count >= 0 { return count }
            if errno == EAGAIN { return 0 }
            guard errno == EINTR else { throw .latest }
        }
    }

    /// Returns the bytes that arrived: nil if there are none yet, empty at the end.
    func receive() throws(Errno) -> [UInt8]? {
        let flags = Int32(MSG_DONTWAIT)
        var failure: Errno?
        let bytes = [UInt8](unsafeUninitializedCapacity: 16 * 1_024) { buffer, count in
            let result = recv(number, buffer.baseAddress, buffer.count, flags)
            if result < 0 { failure = .latest }
            count = max(0, result)
        }
        guard let failure else { return bytes }
        guard failure.number == EAGAIN || failure.number == EINTR else { throw failure }
        return nil
    }

    /// Ends the connection for both sides, and wakes a thread that waits for the socket.
    func shutDown() {
        shutdown(number, Int32(SHUT_RDWR))
    }
}
