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

@Suite("Files of other users", .enabled(if: getuid() == 0, "only root has files of other users"))
struct FileTrustTests {
    private let folder: Folder
    private let path: String
    private let other: uid_t = 65_534

    init() throws {
        folder = try Folder()
        path = folder / "file"
    }

    private func refusal(_ body: () throws -> Void) -> String {
        do { try body() } catch { return (error as? SystemError)?.message ?? "\(error)" }
        return ""
    }

    @Test func `are not read as settings, as secrets, or as this program's own`() throws {
        try File.replacePrivate(path, with: [1])
        #expect(try File.readTrusted(path, atMost: 1) == [1])
        chown(path, other, other)
        let refused =
            "cannot trust \(path): it belongs to uid 65534, and not to root; chown it, or "
            + "remove it"
        #expect(refusal { _ = try File.readTrusted(path, atMost: 1) } == refused)
        #expect(refusal { _ = try File.readPrivate(path, atMost: 1) } == refused)
        #expect(refusal { _ = try File.readOwn(path, atMost: 1) } == refused)
        #expect(try File.read(path, atMost: 1) == [1], "a file of the kernel's is anybody's")
    }

    @Test func `are not read from a directory, or by a link, that others can change`() throws {
        let directory = folder / "shared"
        mkdir(directory, 0o755)
        try File.replacePrivate(directory + "/file", with: [1])
        symlink("shared/file", path)
        for name in [directory + "/file", path] {
            #expect(try File.readTrusted(name, atMost: 1) == [1])
            #expect(try File.readPrivate(name, atMost: 1) == [1])
        }
        chmod(directory, 0o777)
        let refused = "cannot trust \(directory): its mode is 0777"
        for name in [directory + "/file", directory + "/absent", path] {
            #expect(refusal { _ = try File.readTrusted(name, atMost: 1) }.hasPrefix(refused))
            #expect(refusal { _ = try File.readPrivate(name, atMost: 1) }.hasPrefix(refused))
        }
        chmod(directory, 0o1777)
        #expect(try File.readPrivate(path, atMost: 1) == [1])
        lchown(path, other, other)
        #expect(refusal { _ = try File.readPrivate(path, atMost: 1) }.contains("/file: it belongs"))
    }

    @Test func `are no locks, whatever they are`() throws {
        for make in [
            { close(open($0, O_CREAT, 0o666)) }, { mkfifo($0, 0o666) },
            {
                symlink("nowhere", $0)
            },
        ] as [(String) -> Int32] {
            _ = make(path)
            lchown(path, other, other)
            #expect(refusal { _ = try LockFile(path) }.hasPrefix("cannot trust \(path): "))
            unlink(path)
        }
    }

    @Test func `are not on the way to a directory`() throws {
        let inner = path + "/inner"
        mkdir(path, 0o755)
        defer { rmdir(path) }
        #expect(refusal { try File.ensureTrusted(wayTo: inner) } == "", "it is not there yet")
        chown(path, other, other)
        let refused = "cannot trust \(path): it belongs to uid 65534"
        #expect(refusal { try File.ensureTrusted(wayTo: inner) }.hasPrefix(refused))
        symlink("file/../file", folder / "link")
        let link = folder / "link/inner"
        #expect(refusal { try File.ensureTrusted(wayTo: link) }.hasPrefix(refused))
        chown(path, 0, 0)
        #expect(refusal { try File.ensureTrusted(wayTo: link) } == "")
        lchown(folder / "link", other, other)
        #expect(refusal { try File.ensureTrusted(wayTo: link) }.contains("/link: it belongs"))
    }

    @Test func `may stand beside a directory, and a link may lead round in a circle`() throws {
        symlink("loop", folder / "loop")
        #expect(refusal { try File.ensureTrusted(wayTo: folder / "loop/a") }.contains("ELOOP"))
        close(open(path, O_CREAT, 0o666))
        chown(path, other, other)
        #expect(refusal { try File.ensureTrusted(wayTo: folder.path) } == "")
    }
}
