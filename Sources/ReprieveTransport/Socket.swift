// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A descriptor that is closed when its owner is gone.
struct Descriptor: ~Copyable {
    let number: Int32

    deinit { close(number) }
}

/// What a call of the system said when it failed.
struct SystemError: Error {
    let number: Int32

    static var latest: SystemError { SystemError(number: errno) }

    var message: String { String(cString: strerror(number)) }
}

extension Descriptor {
    static func unixSocket() throws(SystemError) -> Descriptor {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let number = socket(AF_UNIX, type, 0)
        guard number >= 0 else { throw .latest }
        return Descriptor(number: number)
    }

    /// Waits at most `timeout` for a place in the listener's queue.
    func connect(to path: String, within timeout: Duration) throws(SystemError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < capacity else { throw SystemError(number: ENAMETOOLONG) }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
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

    /// How many bytes were taken; 0 if there is no room just now.
    func send(_ bytes: ArraySlice<UInt8>) throws(SystemError) -> Int {
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

    /// What arrived: nil if nothing has just now, empty at the end.
    func receive() throws(SystemError) -> [UInt8]? {
        let flags = Int32(MSG_DONTWAIT)
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: 16 * 1_024) { buffer, count in
            let result = recv(number, buffer.baseAddress, buffer.count, flags)
            if result < 0 { failure = .latest }
            count = max(0, result)
        }
        guard let failure else { return bytes }
        guard failure.number == EAGAIN || failure.number == EINTR else { throw failure }
        return nil
    }

    /// Ends the connection for both sides and wakes whoever waits for it.
    func shutDown() {
        shutdown(number, Int32(SHUT_RDWR))
    }
}

/// Wakes a thread that waits for descriptors.
struct Alarm: ~Copyable {
    private let sender: Descriptor
    private let receiver: Descriptor

    init() throws(SystemError) {
        let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        var pair: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, type, 0, &pair) == 0 else { throw .latest }
        sender = Descriptor(number: pair[0])
        receiver = Descriptor(number: pair[1])
    }

    /// What becomes readable when the alarm rings.
    var number: Int32 { receiver.number }

    func ring() {
        // One that rings already need not ring twice.
        _ = try? sender.send([0])
    }

    func clear() {
        _ = try? receiver.receive()
    }
}
