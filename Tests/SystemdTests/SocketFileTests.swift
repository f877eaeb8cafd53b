// SPDX-License-Identifier: Apache-2.0

import Glibc
import Systemd
import Testing

@Suite("The file of a listening socket") struct SocketFileTests {
    // The umask belongs to the whole process, so these run in processes of their own.

    @Test func `has exactly its mode under a narrow umask`() async {
        await #expect(processExitsWith: .success) {
            let folder = try Folder()
            umask(0o177)
            try expectExactModes(in: folder)
        }
    }

    @Test func `has exactly its mode without a umask`() async {
        await #expect(processExitsWith: .success) {
            let folder = try Folder()
            umask(0)
            try expectExactModes(in: folder)
        }
    }

    @Test(.enabled(if: getuid() == 0, "only root may give a file to any group"))
    func `belongs to the group that it opens to`() throws {
        let folder = try Folder()
        let socket = try ListenSocket(at: folder / "a", mode: 0o660, group: 12_345)
        let status = status(of: folder / "a")
        #expect(status.st_mode & 0o7777 == 0o660)
        #expect(status.st_gid == 12_345 && status.st_uid == getuid())
        withExtendedLifetime(socket) {}
    }

    @Test func `can be locked by nobody else`() throws {
        let folder = try Folder()
        _ = try ListenSocket(at: folder / "a", mode: 0o666)
        #expect(status(of: folder / "a.lock").st_mode & 0o077 == 0)
    }
}

private func expectExactModes(in folder: Folder) throws {
    for mode: UInt32 in [0o666, 0o600, 0o660] {
        let socket = try ListenSocket(at: folder / "a\(mode)", mode: mode)
        #expect(status(of: socket.path).st_mode & 0o7777 == mode)
    }
}

private func status(of path: String) -> stat {
    var status = stat()
    #expect(lstat(path, &status) == 0)
    return status
}
