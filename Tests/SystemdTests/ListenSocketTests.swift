// SPDX-License-Identifier: Apache-2.0

import Glibc
import Systemd
import Testing

@Suite("A listening socket") struct ListenSocketTests {
    let folder: Folder
    let path: String

    init() throws {
        folder = try Folder()
        path = folder / "ipc.socket"
    }

    @Test func `replaces a socket that nobody serves any more`() throws {
        try leaveStaleSocket(at: path)
        let socket = try ListenSocket(at: path, mode: 0o600)
        _ = try StreamSocket(connectingTo: path)
        #expect(socket.path == path)
    }

    @Test func `refuses a path that somebody serves, and leaves them alone`() throws {
        let first = try ListenSocket(at: path, mode: 0o600)
        let error = #expect(throws: SystemError.self) {
            _ = try ListenSocket(at: path, mode: 0o600)
        }
        #expect(error?.message == "another reprieved is already serving \(path)")
        _ = try StreamSocket(connectingTo: path)
        withExtendedLifetime(first) {}
    }

    @Test func `refuses a path that a busy stranger serves`() throws {
        let stranger = try bindUnix(path)
        defer { close(stranger) }
        listen(stranger, 0)
        let first = try Client(path)
        let busy = #expect(throws: SystemError.self) { _ = try Client(path) }
        #expect(busy?.errno == EAGAIN)
        let error = #expect(throws: SystemError.self) {
            _ = try ListenSocket(at: path, mode: 0o600)
        }
        #expect(error?.message == "another reprieved is already serving \(path)")
        withExtendedLifetime(first) {}
    }

    @Test func `refuses to replace what is no socket`() throws {
        close(open(path, O_WRONLY | O_CREAT, 0o600))
        let error = #expect(throws: SystemError.self) {
            _ = try ListenSocket(at: path, mode: 0o600)
        }
        #expect(error?.message == "cannot listen on \(path): another kind of file is there")
        #expect(access(path, F_OK) == 0)
    }

    @Test func `refuses a path that is too long`() throws {
        let room = 107 - folder.path.utf8.count - 1
        _ = try ListenSocket(at: folder / String(repeating: "a", count: room), mode: 0o600)
        let long = folder / String(repeating: "a", count: room + 1)
        let error = #expect(throws: SystemError.self) {
            _ = try ListenSocket(at: long, mode: 0o600)
        }
        let reason = "the path has 108 bytes; a socket's may have at most 107"
        #expect(error?.message == "cannot use \(long): \(reason)")
    }

    @Test(arguments: ["", "a\0b"])
    func `refuses what is no path`(path: String) {
        let error = #expect(throws: SystemError.self) {
            _ = try ListenSocket(at: path, mode: 0o600)
        }
        #expect(error?.errno == EINVAL)
    }

    @Test func `says where it could not listen, and why`() {
        let path = folder / "none/ipc.socket"
        let error = #expect(throws: SystemError.self) {
            _ = try ListenSocket(at: path, mode: 0o600)
        }
        #expect(error?.message == "cannot open \(path).lock: No such file or directory (ENOENT)")
    }

    @Test func `deletes its file when it is closed`() throws {
        do { _ = try ListenSocket(at: path, mode: 0o600) }
        #expect(folder.contents == ["ipc.socket.lock"])
        _ = try ListenSocket(at: path, mode: 0o600)
    }

    @Test func `leaves a file alone that has taken the place of its own`() throws {
        do {
            let socket = try ListenSocket(at: path, mode: 0o600)
            rename(path, folder / "moved")
            close(try bindUnix(path))
            withExtendedLifetime(socket) {}
        }
        #expect(folder.contents == ["ipc.socket", "ipc.socket.lock", "moved"])
    }

    @Test func `keeps its hands off a stale socket while another one starts`() throws {
        try leaveStaleSocket(at: path)
        let lock = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(lock) }
        try #require(flock(lock, LOCK_EX) == 0)
        let error = #expect(throws: SystemError.self) {
            _ = try ListenSocket(at: path, mode: 0o600)
        }
        #expect(error?.message == "another reprieved is already serving \(path)")
        #expect(access(path, F_OK) == 0)
    }

    @Test func `of several that start at once, one listens`() async throws {
        for round in 0..<20 {
            let path = folder / "race\(round)"
            try leaveStaleSocket(at: path)
            let winners = await withTaskGroup { group in
                for _ in 0..<8 {
                    group.addTask { Outcome(try? ListenSocket(at: path, mode: 0o600)) }
                }
                return await group.reduce(into: [Outcome]()) { $0.append($1) }
            }
            #expect(winners.count { $0.socket != nil } == 1)
            #expect(throws: Never.self) { _ = try StreamSocket(connectingTo: path) }
        }
    }

    /// Lets a socket pass from the task that opened it to the one that counts.
    private struct Outcome: @unchecked Sendable {
        let socket: ListenSocket?
        init(_ socket: ListenSocket?) { self.socket = socket }
    }
}
