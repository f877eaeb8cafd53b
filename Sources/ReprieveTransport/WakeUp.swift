// SPDX-License-Identifier: Apache-2.0

/// Wakes a thread that waits in `poll`.
struct WakeUp: ~Copyable {
    private let sender: SocketDescriptor
    private let receiver: SocketDescriptor

    init() throws(Errno) {
        let pair = try SocketDescriptor.pair()
        sender = SocketDescriptor(number: pair.0)
        receiver = SocketDescriptor(number: pair.1)
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
