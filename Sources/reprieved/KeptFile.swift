// SPDX-License-Identifier: Apache-2.0

import Glibc
import Systemd

/// A file that grows page by page, and is written anew once most of it is out of date.
///
/// Its errors are the world's: each is told once, and the file is tried again later. Until then
/// everything goes on, and only what a death of this process would cost is more.
final class KeptFile {
    /// Below it a file is not worth writing anew.
    private static let smallest = 256 * 1_024
    /// How many times larger it may grow than it was when it was new.
    private static let growth = 4
    private static let retryInterval = Duration.seconds(5)

    let path: String
    /// Whether each page is on the disk before anybody hears of it.
    private let isDurable: Bool
    private let log: Log
    private var descriptor: Int32 = -1
    private var size = 0
    private var limit = smallest
    private var failure: SystemError?
    /// Whether what is there may be neither read nor lost.
    private var isForeign = false
    private var needsBootPage = true
    /// When to try again; nil while all is well.
    private(set) var retryAt: Duration?

    init(_ path: String, isDurable: Bool, log: Log) {
        self.path = path
        self.isDurable = isDurable
        self.log = log
    }

    /// What stands in it; nothing if it is not there or cannot be read.
    func read() -> [UInt8] {
        do { return try readAll() } catch {
            isForeign = true
            report(error)
            return []
        }
    }

    private func readAll() throws(SystemError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return [] }
            throw SystemError("read", path: path, errno: errno)
        }
        defer { Glibc.close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1_024)
        while true {
            let count = buffer.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw SystemError("read", path: path, errno: errno) }
            if count == 0 { return bytes }
            bytes += buffer.prefix(count)
        }
    }

    /// Goes on behind what was read from it.
    func goOn(behind count: Int, isOfThisBoot: Bool) {
        guard count > 0, !isForeign else { return }
        descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        size = count
        needsBootPage = !isOfThisBoot
    }

    func remove() {
        close()
        unlink(path)
    }

    /// Keeps what is there under another name, since it is not ours to write over.
    func leaveAlone() { isForeign = true }
}

// MARK: - Writing

extension KeptFile {
    /// Adds a page, or writes all pages anew where that is better.
    func write(
        _ page: [UInt8],
        bootPage: @autoclosure () -> [UInt8],
        at now: Duration,
        whole: () -> [UInt8]
    ) {
        if let retryAt, now < retryAt { return }
        do {
            let page = needsBootPage ? bootPage() + page : page
            if canTake(page) { try append(page) } else { try writeAnew(bootPage() + whole()) }
            needsBootPage = false
            succeed()
        } catch { fail(error, at: now) }
    }

    func writeAnew(
        bootPage: @autoclosure () -> [UInt8],
        at now: Duration,
        whole: () -> [UInt8]
    ) {
        close()
        write([], bootPage: bootPage(), at: now, whole: whole)
    }

    private func canTake(_ page: [UInt8]) -> Bool {
        guard descriptor >= 0, failure == nil, size + page.count <= limit else { return false }
        // Somebody may have removed it, or written to it.
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_nlink > 0 && status.st_size == size
    }

    private func append(_ page: [UInt8]) throws(SystemError) {
        do { try write(page, to: descriptor, path) } catch {
            // No half page stands in front of a whole one.
            ftruncate(descriptor, off_t(size))
            throw error
        }
        if isDurable, fdatasync(descriptor) != 0 {
            throw SystemError("sync", path: path, errno: errno)
        }
        size += page.count
    }

    /// Puts a whole file in the place of the old one, all at once.
    private func writeAnew(_ bytes: [UInt8]) throws(SystemError) {
        if isForeign { try setAside() }
        close()
        let new = path + ".new"
        let file = try create(new)
        do throws(SystemError) { try put(bytes, into: file, new) } catch {
            Glibc.close(file)
            unlink(new)
            throw error
        }
        descriptor = file
        size = bytes.count
        limit = max(Self.smallest, bytes.count * Self.growth)
    }

    private func put(_ bytes: [UInt8], into file: Int32, _ new: String) throws(SystemError) {
        try write(bytes, to: file, new)
        if isDurable, fsync(file) != 0 { throw SystemError("sync", path: new, errno: errno) }
        if rename(new, path) != 0 { throw SystemError("replace", path: path, errno: errno) }
        if isDurable { try syncDirectory() }
    }

    private func create(_ new: String) throws(SystemError) -> Int32 {
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW
        var file = open(new, flags, 0o600)
        if file < 0, errno == ENOENT {
            // The directory has been removed.
            try makeDirectory(directory)
            file = open(new, flags, 0o600)
        }
        guard file >= 0 else { throw SystemError("write", path: new, errno: errno) }
        return file
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

    private func syncDirectory() throws(SystemError) {
        let file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { throw SystemError("open", path: directory, errno: errno) }
        defer { Glibc.close(file) }
        if fsync(file) != 0 { throw SystemError("sync", path: directory, errno: errno) }
    }

    private func setAside() throws(SystemError) {
        for number in 1...9 where access("\(path).\(number)", F_OK) != 0 {
            let other = "\(path).\(number)"
            guard rename(path, other) == 0 || errno == ENOENT else {
                throw SystemError("set aside", path: path, errno: errno)
            }
            isForeign = false
            return log.write(.warning, "\(path) is kept as \(other)")
        }
        throw SystemError("set aside", path: path, errno: EEXIST)
    }

    private var directory: String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return parts.dropLast().joined(separator: "/")
    }

    private func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }
}

// MARK: - Failing

extension KeptFile {
    private func succeed() {
        guard failure != nil else { return }
        failure = nil
        retryAt = nil
        log.write(.info, "\(path) is written again")
    }

    private func fail(_ error: SystemError, at now: Duration) {
        close()
        retryAt = now + Self.retryInterval
        report(error)
    }

    private func report(_ error: SystemError) {
        // To set aside what cannot be read fails for the same reason.
        guard error.errno != failure?.errno else { return }
        failure = error
        let loss = isDurable ? "a reboot" : "a death of this process"
        log.write(.warning, error.message + "; until that works, \(loss) loses what is new")
    }
}
