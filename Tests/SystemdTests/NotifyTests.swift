// SPDX-License-Identifier: Apache-2.0

import Glibc
import Systemd
import Testing

@Suite("The service manager") struct NotifyTests {
    // It is found through the environment, so these run in processes of their own.

    @Test func `is told what happens, in one line each`() async {
        await #expect(processExitsWith: .success) {
            let manager = try ServiceManager()
            #expect(try Notify.ready())
            Notify.status("waiting for a\nMAINPID=1\r\nb")
            Notify.extendTimeout(by: .milliseconds(1500))
            Notify.stopping()
            #expect(manager.received() == "READY=1")
            #expect(manager.received() == "STATUS=waiting for a MAINPID=1  b")
            #expect(manager.received() == "EXTEND_TIMEOUT_USEC=1500000")
            #expect(manager.received() == "STOPPING=1")
        }
    }

    @Test func `nobody is told where there is none`() async {
        await #expect(processExitsWith: .success) {
            unsetenv("NOTIFY_SOCKET")
            #expect(try !Notify.ready())
            let loop = try EventLoop()
            #expect(try !loop.feedWatchdog())
        }
    }

    @Test func `that cannot be reached is an error`() async {
        await #expect(processExitsWith: .success) {
            setenv("NOTIFY_SOCKET", "/nowhere/notify", 1)
            let error = #expect(throws: SystemError.self) { try Notify.ready() }
            #expect(error?.errno == ENOENT)
        }
    }

    @Test func `is told that a reload began, when, and that it is over`() async {
        await #expect(processExitsWith: .success) {
            let manager = try ServiceManager()
            Notify.reloading()
            Notify.reloaded()
            let lines = manager.received().split(separator: "\n")
            #expect(lines.first == "RELOADING=1" && lines.count == 2)
            #expect(lines.last?.wholeMatch(of: #/MONOTONIC_USEC=[0-9]+/#) != nil)
            #expect(manager.received() == "READY=1")
        }
    }

    @Test func `has its watchdog fed by the loop`() async {
        await #expect(processExitsWith: .success) {
            let manager = try ServiceManager()
            setenv("WATCHDOG_USEC", "10000", 1)
            let loop = try EventLoop()
            #expect(try loop.feedWatchdog())
            try loop.runToExit(after: .milliseconds(40))
            for _ in 0..<2 { #expect(manager.received() == "WATCHDOG=1") }
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
