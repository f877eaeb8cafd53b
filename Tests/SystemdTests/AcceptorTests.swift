// SPDX-License-Identifier: Apache-2.0

import Glibc
import Systemd
import Testing

@Suite("An acceptor") struct AcceptorTests {
    @Test func `takes every connection that waits, a few in each turn`() throws {
        let folder = try Folder()
        let loop = try EventLoop()
        let acceptor = try Acceptor(ListenSocket(at: folder / "a", mode: 0o600), on: loop)
        var (accepted, turns) = (0, 0)
        let peers = try (0..<50).map { _ in try Client(folder / "a") }
        acceptor.onConnection { socket in
            accepted += 1
            #expect(socket.write("hello") == .bytes(5))
        }
        loop.onTurnEnd {
            turns += 1
            if accepted == 50 { loop.exit() }
        }
        try loop.runToExit()
        #expect(turns == 4)
        #expect(peers.allSatisfy { $0.socket.readText() == "hello" })
    }

    @Test func `an alarm that is always due does not keep it from accepting`() throws {
        let folder = try Folder()
        let loop = try EventLoop()
        let alarm = try Alarm(on: loop)
        let acceptor = try Acceptor(ListenSocket(at: folder / "a", mode: 0o600), on: loop)
        let client = try Client(folder / "a")
        var fired = 0
        alarm.onFire {
            fired += 1
            if fired < 1_000 { alarm.set(to: loop.now) } else { loop.exit(code: 1) }
        }
        acceptor.onConnection { _ in loop.exit() }
        alarm.set(to: loop.now)
        try loop.runToExit()
        withExtendedLifetime(client) {}
    }

    @Test func `closes the connections of a user of which too many wait, and says whose`() throws {
        let folder = try Folder()
        let loop = try EventLoop()
        let listening = try ListenSocket(at: folder / "a", mode: 0o600)
        let acceptor = try Acceptor(listening, on: loop, limit: { $0 == getuid() ? 20 : 0 })
        var (accepted, refused) = (0, 0)
        let clients = try (0..<50).map { _ in try Client(folder / "a") }
        acceptor.onConnection { _ in
            accepted += 1
            if accepted == 20 { loop.exit() }
        }
        acceptor.onRefusal { user in
            #expect(user == getuid())
            refused += 1
        }
        try loop.runToExit()
        #expect(refused == 30)
        withExtendedLifetime(clients) {}
    }

    /// Whoever connects next does not wait until many such turns are over.
    @Test func `takes hundreds of connections of a user from the kernel in one turn`() throws {
        let folder = try Folder()
        let loop = try EventLoop()
        let listening = try ListenSocket(at: folder / "a", mode: 0o600)
        let acceptor = try Acceptor(listening, on: loop, limit: { _ in 20 })
        let clients = try (0..<400).map { _ in try Client(folder / "a") }
        var refused = 0
        acceptor.onRefusal { _ in refused += 1 }
        loop.onTurnEnd { loop.exit() }
        try loop.runToExit()
        #expect(refused == 380)
        withExtendedLifetime(clients) {}
    }

    @Test func `what it takes neither blocks nor survives exec`() throws {
        let folder = try Folder()
        let loop = try EventLoop()
        let acceptor = try Acceptor(ListenSocket(at: folder / "a", mode: 0o600), on: loop)
        let peer = try StreamSocket(connectingTo: folder / "a")
        acceptor.onConnection { socket in
            #expect(fcntl(socket.descriptor, F_GETFL) & O_NONBLOCK != 0)
            #expect(fcntl(socket.descriptor, F_GETFD) & FD_CLOEXEC != 0)
            loop.exit()
        }
        try loop.runToExit()
        _ = consume peer
    }

    @Test func `turns connections away when descriptors run out, and does not spin`() async {
        await #expect(processExitsWith: .success) {
            let folder = try Folder()
            let loop = try EventLoop()
            let acceptor = try Acceptor(ListenSocket(at: folder / "a", mode: 0o600), on: loop)
            let log = Log()
            var turns = 0
            let end = try Alarm(on: loop)
            end.onFire { loop.exit() }
            acceptor.onConnection { _ in log.add("connected") }
            acceptor.onExhaustion {
                log.add($0.message)
                end.set(to: loop.now + .milliseconds(50))
            }
            loop.onTurnEnd { turns += 1 }
            let clients = try (0..<5).map { _ in try Client(folder / "a") }
            let hoard = hoardDescriptors()
            try loop.runToExit()
            for descriptor in hoard { close(descriptor) }
            let path = folder / "a"
            let reason = "Too many open files (EMFILE)"
            #expect(log.entries == ["cannot accept a connection on \(path): \(reason)"])
            #expect(turns == 2, "one is the acceptor's, one the exit's")
            for client in clients { #expect(client.hasEnded) }
        }
    }

    @Test func `waits when it has no spare descriptor, and then goes on`() async {
        await #expect(processExitsWith: .success) {
            let folder = try Folder()
            let loop = try EventLoop()
            let listening = try ListenSocket(at: folder / "a", mode: 0o600)
            let client = try Client(folder / "a")
            let relief = try Alarm(on: loop)
            let hoard = hoardDescriptors()
            let acceptor = try Acceptor(listening, on: loop)
            var turns = 0
            relief.set(to: loop.now + .milliseconds(30))
            relief.onFire { for descriptor in hoard { close(descriptor) } }
            acceptor.onConnection { _ in loop.exit() }
            loop.onTurnEnd { turns += 1 }
            try loop.runToExit()
            #expect(turns < 10)
            withExtendedLifetime(client) {}
        }
    }
}
