// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Systemd
import Testing

@Suite("An abstract socket") struct AbstractSocketTests {
    private let name = "reprieve-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"

    @Test func `takes a message although others have filled its queue`() throws {
        let socket = try AbstractSocket(named: name)
        try fill()
        DispatchQueue.global().async { [name] in AbstractSocket.send([1, 2, 3], to: name) }
        var received: [UInt8] = []
        // Each one that is taken makes room for another.
        while received != [1, 2, 3] {
            var ready = pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)
            try #require(poll(&ready, 1, 5_000) == 1, "the message was dropped")
            received = socket.next() ?? []
        }
    }

    @Test func `is waited for no longer than a second where its queue stays full`() throws {
        let socket = try AbstractSocket(named: name)
        try fill()
        let start = ContinuousClock.now
        AbstractSocket.send([1, 2, 3], to: name)
        #expect(ContinuousClock.now - start >= .milliseconds(900))
        withExtendedLifetime(socket) {}
    }

    /// From another socket, until the queue takes no more.
    private func fill() throws {
        let flooder = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(flooder) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = [0] + name.utf8
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let isConnected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(flooder, $0, length) == 0
            }
        }
        try #require(isConnected)
        let byte: [UInt8] = [0]
        while send(flooder, byte, 1, Int32(MSG_DONTWAIT)) == 1 {}
        #expect(errno == EAGAIN)
    }
}
