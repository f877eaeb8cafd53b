// SPDX-License-Identifier: Apache-2.0

import Glibc
import Systemd

/// A file of records that grows at its end, and is replaced once most of it is out of date.
final class RecordFile {
    /// Below it a file is not worth replacing.
    private static let smallest = 256 * 1_024
    /// How many times larger it may grow than it was when it was new.
    private static let growth = 4
    /// A longer file is none of ours, and not worth the memory.
    private static let largest = 256 * 1_024 * 1_024

    let path: String
    private let pathBytes: [CChar]
    private let directory: RecordDirectory
    /// Whether each record is on the disk before `append` returns.
    private let isDurable: Bool
    private let log: Log
    private var descriptor: Descriptor?
    private var identity: FileIdentity?
    private var size = 0
    private var limit = smallest
    /// The content of the file could not be read, and must not be lost.
    private var isForeign = false

    /// The new file, while it is being written.
    private var newPath: String { path + ".new" }

    init(_ name: String, in directory: RecordDirectory, isDurable: Bool, log: Log) {
        self.directory = directory
        path = directory.path + "/" + name
        pathBytes = path.rawCString
        self.isDurable = isDurable
        self.log = log
    }

    /// Fails if another user could have written it.
    func ensureTrusted() throws(SystemError) { try File.ensureTrusted(path) }

    /// What stands in it; nothing if it is not there or cannot be read.
    func read() -> [UInt8] {
        // An earlier process may have died while it wrote this.
        unlink(newPath.rawCString)
        do throws(SystemError) {
            guard let bytes = try File.readOwn(path, atMost: Self.largest) else { return [] }
            open(behind: bytes.count)
            return bytes
        } catch {
            log.write(.warning, error.message)
            isForeign = true
            return []
        }
    }

    private func open(behind count: Int) {
        let number = Glibc.open(path.rawCString, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW)
        guard number >= 0 else { return }
        let file = Descriptor(owning: number)
        var status = stat()
        // One with another name is replaced: the other name may be that of any file of root's.
        guard fstat(number, &status) == 0, status.st_nlink == 1 else { return }
        // It may have come from elsewhere, with other permissions. Only this user may read it.
        fchmod(number, 0o600)
        descriptor = consume file
        identity = FileIdentity(of: number)
        size = count
    }
}

// MARK: - Writing

extension RecordFile {
    /// Adds a record. Returns false where the file is to be replaced instead.
    func append(_ record: [UInt8]) throws(SystemError) -> Bool {
        noticeChange()
        guard let file = descriptor?.number, size + record.count <= limit else { return false }
        do throws(SystemError) {
            try write(record, to: file, path)
            if isDurable, fdatasync(file) != 0 { throw failedSync(path) }
        } catch {
            // No half record stands in front of a whole one.
            ftruncate(file, off_t(size))
            descriptor = nil
            throw error
        }
        size += record.count
        return true
    }

    /// Another process may have removed the file, or written to it.
    private func noticeChange() {
        guard descriptor != nil else { return }
        let found = FileIdentity.found(at: pathBytes)
        if let found, found.identity == identity, found.size == size { return }
        descriptor = nil
        // That a whole directory is gone is logged once for all that was in it.
        guard directory.isInPlace else { return }
        let change = found == nil ? "removed" : "changed by another process"
        log.write(.warning, "\(path) was \(change); it is written again")
    }

    /// Puts a whole file in the place of the old one, all at once.
    func replace(with bytes: [UInt8], keepsOld: Bool) throws(SystemError) {
        descriptor = nil
        try directory.claim()
        if isForeign || keepsOld { try setAside() }
        let file = try create()
        do throws(SystemError) { try put(bytes, into: file.number) } catch {
            unlink(newPath.rawCString)
            throw error
        }
        identity = FileIdentity(of: file.number)
        descriptor = consume file
        size = bytes.count
        limit = max(Self.smallest, bytes.count * Self.growth)
    }

    private func put(_ bytes: [UInt8], into file: Int32) throws(SystemError) {
        try write(bytes, to: file, newPath)
        if isDurable, fsync(file) != 0 { throw failedSync(newPath) }
        if rename(newPath.rawCString, path.rawCString) != 0 {
            throw SystemError("replace", path: path, errno: errno)
        }
        if isDurable { try directory.sync() }
    }

    private func create() throws(SystemError) -> Descriptor {
        // A file of that name is removed, and not written to: it may be a link to another file.
        unlink(newPath.rawCString)
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC
        let file = Glibc.open(newPath.rawCString, flags, 0o600)
        guard file >= 0 else { throw SystemError("write", path: newPath, errno: errno) }
        return Descriptor(owning: file)
    }

    private func write(_ bytes: [UInt8], to file: Int32, _ path: String) throws(SystemError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SystemError("write", path: path, errno: errno) }
            rest = rest.dropFirst(count)
        }
    }

    private func failedSync(_ path: String) -> SystemError {
        SystemError("sync", path: path, errno: errno)
    }

    private func setAside() throws(SystemError) {
        // An earlier try may have done it, and then failed to write.
        guard FileIdentity(at: path) != nil else {
            isForeign = false
            return
        }
        for number in 1...9 {
            let other = "\(path).\(number)"
            guard FileIdentity(at: other) == nil else { continue }
            guard rename(path.rawCString, other.rawCString) == 0 else {
                throw SystemError("set aside", path: path, errno: errno)
            }
            isForeign = false
            return log.write(.warning, "\(path) is kept as \(other)")
        }
        throw SystemError("set aside", path: path, errno: EEXIST)
    }
}
