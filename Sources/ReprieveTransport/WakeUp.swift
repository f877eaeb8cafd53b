// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Wakes a thread that waits in `poll`.
struct WakeUp: ~Copyable {
    private let sender: SocketDescriptor
    private let receiver: SocketDescriptor

    init() throws(Errno) {
        let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        var pair: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, type, 0, &pair) == 0 else { throw .latest }
        sender = SocketDescriptor(number: pair[0])
        receiver = SocketDescriptor(number: pair[1])
    }

    /// The descriptor that becomes readable after `send`.
    var number: Int32 { receiver.number }

    func send() {
        // A failure means that earlier ones are still unread, which is enough.
        _ = try? sender.send([0])
    }

    func clear() {
        _ = try? receiver.receive()
    }
}
