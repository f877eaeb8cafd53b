// SPDX-License-Identifier: Apache-2.0

import Glibc
import Systemd
import Testing

@Suite("A small file") struct FileTests {
    private let folder: Folder
    private let path: String

    init() throws {
        folder = try Folder()
        path = folder / "file"
    }

    @Test func `is replaced whole, and is its owner's alone`() throws {
        try File.replacePrivate(path, with: Array("one".utf8))
        try File.replacePrivate(path, with: Array("two".utf8))
        #expect(try File.readPrivate(path, atMost: 100) == Array("two".utf8))
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(folder.contents == ["file"])
    }

    @Test func `that is not there is none`() throws {
        #expect(try File.read(path, atMost: 100) == nil)
        #expect(try File.readPrivate(path, atMost: 100) == nil)
        #expect(try File.names(in: path).isEmpty)
    }

    @Test func `that is too long is an error`() throws {
        try File.replacePrivate(path, with: Array(repeating: 0, count: 10_000))
        #expect(try File.read(path, atMost: 10_000)?.count == 10_000)
        #expect(throws: SystemError.self) { try File.read(path, atMost: 9_999) }
    }

    @Test(arguments: [0o640, 0o604, 0o620, 0o602, 0o610, 0o777] as [mode_t])
    func `with secrets that others may reach is not read`(mode: mode_t) throws {
        try File.replacePrivate(path, with: [1])
        chmod(path, mode)
        #expect {
            try File.readPrivate(path, atMost: 100)
        } throws: { error in
            let message = (error as? SystemError)?.message ?? ""
            return message.contains("0" + String(mode, radix: 8)) && message.contains(path)
        }
    }

    @Test func `is a file: a directory and a pipe are not waited for`() throws {
        #expect(throws: SystemError.self) { try File.readPrivate(folder.path, atMost: 100) }
        #expect(mkfifo(path, 0o600) == 0)
        #expect(throws: SystemError.self) { try File.readPrivate(path, atMost: 100) }
    }

    @Test func `is listed by name in its directory`() throws {
        for name in ["b", "a"] { try File.replacePrivate(folder / name, with: []) }
        #expect(try File.names(in: folder.path).filter { !$0.hasPrefix(".") } == ["a", "b"])
    }
}
