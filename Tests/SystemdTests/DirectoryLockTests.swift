// SPDX-License-Identifier: Apache-2.0

import Glibc
import Systemd
import Testing

@Suite struct `A directory's lock` {
    let folder: Folder

    init() throws { folder = try Folder() }

    @Test func `is held by one at a time, and names the directory to the other`() throws {
        var first: DirectoryLock? = try DirectoryLock(folder.path)
        let error = #expect(throws: SystemError.self) { try DirectoryLock(folder.path) }
        #expect(error?.isHeld == true)
        #expect(error?.message.contains(folder.path + "/lock") == true)
        #expect(first?.isInPlace == true)
        first = nil
        let second = try DirectoryLock(folder.path)
        #expect(second.isInPlace)
    }

    @Test func `is no longer in place when its file is gone or another one`() throws {
        let first = try DirectoryLock(folder.path)
        unlink(folder / "lock")
        #expect(!first.isInPlace)
        let second = try DirectoryLock(folder.path)
        #expect(second.isInPlace)
        #expect(!first.isInPlace)
    }

    @Test func `is another's fault only where another holds it`() throws {
        let error = #expect(throws: SystemError.self) { try DirectoryLock(folder / "nowhere") }
        #expect(error?.isHeld == false)
        try #require(symlink("elsewhere", folder / "lock") == 0)
        let link = #expect(throws: SystemError.self) { try DirectoryLock(folder.path) }
        #expect(link?.isHeld == false && link?.errno == ELOOP)
    }

    @Test func `waits for nobody, whatever stands in its place`() throws {
        try #require(mkfifo(folder / "lock", 0o600) == 0)
        let lock = try DirectoryLock(folder.path)
        #expect(lock.isInPlace)
    }
}
