// SPDX-License-Identifier: Apache-2.0

import Glibc
import Systemd
import Testing

@Suite struct `The service manager` {
    // It is found through the environment, so these run in processes of their own.

    @Test func `is told what happens, in one line each`() async {
        await #expect(processExitsWith: .success) {
            let manager = try ServiceManager()
            Notify.ready()
            Notify.status("waiting for a\nMAINPID=1\r\nb")
            Notify.extendTimeout(by: .milliseconds(1500))
            Notify.stopping()
            #expect(manager.received() == "READY=1")
            #expect(manager.received() == "STATUS=waiting for a MAINPID=1 b")
            #expect(manager.received() == "EXTEND_TIMEOUT_USEC=1500000")
            #expect(manager.received() == "STOPPING=1")
        }
    }

    @Test func `nobody is told where there is none`() async {
        await #expect(processExitsWith: .success) {
            unsetenv("NOTIFY_SOCKET")
            Notify.ready()
            let loop = try EventLoop()
            #expect(try !loop.feedWatchdog())
        }
    }

    @Test func `has its watchdog fed by the loop`() async {
        await #expect(processExitsWith: .success) {
            let manager = try ServiceManager()
            setenv("WATCHDOG_USEC", "20000", 1)
            let loop = try EventLoop()
            #expect(try loop.feedWatchdog())
            try loop.runToExit(after: .milliseconds(40))
            for _ in 0..<3 { #expect(manager.received() == "WATCHDOG=1") }
        }
    }

    @Test func `hands over the sockets that it has opened, with their names`() async {
        await #expect(processExitsWith: .success) {
            let folder = try Folder()
            let found = try inherit(["components", "control"], in: folder)
            #expect(found == ["components", "control"].map { $0 + " " + folder / $0 })
            #expect(folder.contents == ["components", "control"], "they are not ours to delete")
        }
    }
}

/// What stands behind NOTIFY_SOCKET.
private final class ServiceManager {
    private let folder: Folder
    private let descriptor: Int32

    init() throws {
        folder = try Folder()
        descriptor = try bindUnix(folder / "notify", type: SOCK_DGRAM)
        setenv("NOTIFY_SOCKET", folder / "notify", 1)
    }

    deinit { close(descriptor) }

    func received() -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }
}

/// Puts listening sockets where systemd does, at descriptor 3 and on, while they are looked at.
private func inherit(_ names: [String], in folder: Folder) throws -> [String] {
    let places = names.indices.map { Int32(3 + $0) }
    let displaced = places.map { fcntl($0, F_DUPFD_CLOEXEC, 100) }
    defer { for (place, old) in zip(places, displaced) where old >= 0 { dup2(old, place) } }
    for (place, name) in zip(places, names) {
        let descriptor = try bindUnix(folder / name)
        listen(descriptor, 1)
        guard descriptor != place else { continue }
        dup2(descriptor, place)
        close(descriptor)
    }
    setenv("LISTEN_PID", "\(getpid())", 1)
    setenv("LISTEN_FDS", "\(names.count)", 1)
    setenv("LISTEN_FDNAMES", names.joined(separator: ":"), 1)
    return try ListenSocket.inherited().map { $0.name + " " + $0.socket.path }
}
