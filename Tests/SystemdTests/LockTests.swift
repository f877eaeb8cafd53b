// SPDX-License-Identifier: Apache-2.0

import Glibc
import Systemd
import Testing

@Suite("The lock of a file") struct LockFileTests {
    private let folder: Folder
    private let path: String

    init() throws {
        folder = try Folder()
        path = folder / "file"
    }

    @Test func `is a file beside it that only its owner can open`() throws {
        try File.locked(path) {}
        var status = stat()
        try #require(lstat(folder / ".file.lock", &status) == 0)
        #expect(status.st_mode == S_IFREG | 0o600)
        #expect(folder.contents == [".file.lock"])
    }

    @Test func `is waited for within a limit, and the error says what to do`() throws {
        let other = try LockFile(folder / ".file.lock")
        #expect(try other.lock())
        let error = #expect(throws: SystemError.self) {
            try File.locked(path, waitingAtMost: .milliseconds(50)) { Issue.record("it ran") }
        }
        #expect(error?.isHeld == true)
        #expect(error?.message.contains(folder / ".file.lock") == true)
        #expect(error?.message.contains("lslocks") == true)
    }

    @Test func `is released at the end, also by an error`() throws {
        struct Failed: Error {}
        #expect(throws: Failed.self) { try File.locked(path) { throw Failed() } }
        #expect(try LockFile(folder / ".file.lock").lock())
    }

    @Test func `is not the lock of the directory, which other users can open`() throws {
        let directory = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(directory) }
        try #require(flock(directory, LOCK_EX) == 0)
        try File.locked(path, waitingAtMost: .zero) {}
    }
}

@Suite("The lock of a directory") struct DirectoryLockTests {
    private let folder: Folder

    init() throws { folder = try Folder() }

    @Test func `is held by one process at a time, and names the directory to the other`() throws {
        var first: DirectoryLock? = try DirectoryLock(folder.path)
        let error = #expect(throws: SystemError.self) { try DirectoryLock(folder.path) }
        #expect(error?.isHeld == true)
        #expect(error?.message.contains(folder.path + "/lock") == true)
        #expect(first?.isInPlace == true)
        first = nil
        let second = try DirectoryLock(folder.path)
        #expect(second.isInPlace)
    }

    @Test func `is no longer in place when its file was removed or replaced`() throws {
        let first = try DirectoryLock(folder.path)
        unlink(folder / "lock")
        #expect(!first.isInPlace)
        let second = try DirectoryLock(folder.path)
        #expect(second.isInPlace)
        #expect(!first.isInPlace)
    }

    @Test func `is reported as held only if another process holds it`() throws {
        let error = #expect(throws: SystemError.self) { try DirectoryLock(folder / "nowhere") }
        #expect(error?.isHeld == false)
        try #require(symlink("elsewhere", folder / "lock") == 0)
        let link = #expect(throws: SystemError.self) { try DirectoryLock(folder.path) }
        #expect(link?.isHeld == false && link?.errno == ELOOP)
    }

    @Test func `does not wait for a FIFO in its place`() throws {
        try #require(mkfifo(folder / "lock", 0o600) == 0)
        let lock = try DirectoryLock(folder.path)
        #expect(lock.isInPlace)
    }
}
