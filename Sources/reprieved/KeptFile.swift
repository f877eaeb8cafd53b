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
    /// A longer one is none of ours, and not worth the memory.
    private static let largest = 256 * 1_024 * 1_024
    private static let retryInterval = Duration.seconds(5)

    let path: String
    /// What is to replace it, while that is being written.
    private let new: String
    private let directory: KeptDirectory
    /// Whether each page is on the disk before anybody hears of it.
    private let isDurable: Bool
    private let log: Log
    private var descriptor: Int32 = -1
    private var identity: FileIdentity?
    private var size = 0
    private var limit = smallest
    private var failure: SystemError?
    /// Whether what is there may be neither read nor lost.
    private var isForeign = false
    private var needsBootPage = true
    /// When to try again; nil while all is well.
    private(set) var retryAt: Duration?

    init(_ name: String, in directory: KeptDirectory, isDurable: Bool, log: Log) {
        self.directory = directory
        path = directory.path + "/" + name
        new = path + ".new"
        self.isDurable = isDurable
        self.log = log
    }

    /// What stands in it; nothing if it is not there or cannot be read.
    func read() -> [UInt8] {
        // What an earlier process had begun to write when it died.
        unlink(new)
        do { return try File.readOwn(path, atMost: Self.largest) ?? [] } catch {
            isForeign = true
            report(error)
            return []
        }
    }

    /// Goes on behind what was read from it.
    func goOn(behind count: Int, isOfThisBoot: Bool) {
        guard count > 0, !isForeign else { return }
        descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return }
        identity = FileIdentity(of: descriptor)
        // It may have come from somewhere else. What it tells is not for everybody.
        fchmod(descriptor, 0o600)
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
            noticeChange()
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
        descriptor >= 0 && failure == nil && size + page.count <= limit
    }

    /// Somebody may have removed the file, or written to it.
    private func noticeChange() {
        guard descriptor >= 0 else { return }
        let found = FileIdentity(at: path)
        if let found, found == identity, found.size == size { return }
        close()
        // That it is gone with all the others is said once for them all.
        guard directory.isInPlace else { return }
        let change = found == nil ? "removed" : "changed by somebody else"
        log.write(.warning, "\(path) was \(change); all of it is written again")
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
        try directory.claim()
        if isForeign { try setAside() }
        close()
        let file = try create()
        do throws(SystemError) { try put(bytes, into: file) } catch {
            Glibc.close(file)
            unlink(new)
            throw error
        }
        descriptor = file
        identity = FileIdentity(of: file)
        size = bytes.count
        limit = max(Self.smallest, bytes.count * Self.growth)
    }

    private func put(_ bytes: [UInt8], into file: Int32) throws(SystemError) {
        try write(bytes, to: file, new)
        if isDurable, fsync(file) != 0 { throw SystemError("sync", path: new, errno: errno) }
        if rename(new, path) != 0 { throw SystemError("replace", path: path, errno: errno) }
        if isDurable { try directory.sync() }
    }

    private func create() throws(SystemError) -> Int32 {
        // Whatever stands there is removed, and not written to: it may be a link to another file.
        unlink(new)
        let file = open(new, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
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

    func report(_ error: SystemError) {
        // To set aside what cannot be read fails for the same reason.
        guard error.errno != failure?.errno else { return }
        failure = error
        let loss = isDurable ? "a reboot" : "a death of this process"
        log.write(.warning, error.message + "; until that works, \(loss) loses what is new")
    }
}
