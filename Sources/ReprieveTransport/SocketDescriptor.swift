// SPDX-License-Identifier: Apache-2.0

internal import ReprieveTypes

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The descriptor of a socket, closed when its owner is deallocated.
struct SocketDescriptor: ~Copyable {
    let number: Int32

    deinit { close(number) }
}

extension SocketDescriptor {
    static func unixSocket() throws(Errno) -> SocketDescriptor {
        let number = socket(AF_UNIX, SocketType.stream, 0)
        guard number >= 0 else { throw .latest }
        SocketType.finish(number)
        return SocketDescriptor(number: number)
    }

    /// Two sockets, of which each receives what the other sends.
    static func pair() throws(Errno) -> (Int32, Int32) {
        var pair: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, SocketType.datagram, 0, &pair) == 0 else { throw .latest }
        for number in pair { SocketType.finish(number) }
        return (pair[0], pair[1])
    }

    /// The longest path of a socket, in bytes.
    static var longestPath: Int { MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1 }

    /// Waits for at most `timeout` if the queue of the listener is full.
    func connect(to path: String, within timeout: Duration) throws(Errno) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = path.rawBytes
        guard bytes.count <= Self.longestPath else { throw Errno(number: ENAMETOOLONG) }
        // The kernel would take these for no path, and for a shorter one.
        guard !bytes.isEmpty, !bytes.contains(0) else { throw Errno(number: EINVAL) }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        limitSending(to: timeout)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connectSocket(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw .latest }
    }

    private func limitSending(to timeout: Duration) {
        let parts = timeout.components
        var limit = timeval(
            tv_sec: .init(parts.seconds),
            tv_usec: .init(parts.attoseconds / 1_000_000_000_000)
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
        while true {
            let count = bytes.withUnsafeBytes { sendBytes(number, $0) }
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

// Inside the type, its methods hide the functions of these names.

private func connectSocket(
    _ number: Int32,
    _ address: UnsafePointer<sockaddr>,
    _ length: socklen_t
) -> Int32 {
    connect(number, address, length)
}

private func sendBytes(_ number: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    send(number, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT) | SocketType.sendFlags)
}
