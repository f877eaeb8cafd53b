// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Glibc
internal import Permit

/// The record, in a directory that both of two system partitions share.
struct StateFile {
    struct Failure: Error {
        let message: String

        init(_ operation: String, _ path: String) {
            message = "cannot \(operation) \(path): \(String(cString: strerror(errno)))"
        }
    }

    let directory: String

    /// As systemd says, else the default.
    static var byDefault: StateFile {
        let directory = getenv("STATE_DIRECTORY").map { String(cString: $0) }
        return StateFile(directory: directory ?? "/var/lib/reprieve-permit")
    }

    private var path: String { directory + "/state.json" }

    /// Nil if there is none, or none that makes sense.
    func read() throws(Failure) -> Record? {
        guard let file = fopen(path, "re") else {
            if errno == ENOENT { return nil }
            throw Failure("open", path)
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 64 * 1_024)
        let count = fread(&bytes, 1, bytes.count, file)
        if ferror(file) != 0 { throw Failure("read", path) }
        return try? JSONDecoder().decode(Record.self, from: Data(bytes.prefix(count)))
    }

    /// Returns when it is on the disk.
    func write(_ record: Record) throws(Failure) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        // It consists of texts.
        guard var bytes = (try? encoder.encode(record)).map(Array.init) else { return }
        bytes.append(UInt8(ascii: "\n"))
        let new = path + ".new"
        try create(new, bytes)
        guard rename(new, path) == 0 else { throw Failure("replace", path) }
        try synchronize(directory)
    }

    private func create(_ path: String, _ bytes: [UInt8]) throws(Failure) {
        guard let file = fopen(path, "we") else { throw Failure("create", path) }
        defer { fclose(file) }
        var status = stat()
        // Root may have been asked to write what is the service's.
        if geteuid() == 0, stat(directory, &status) == 0 {
            fchown(fileno(file), status.st_uid, status.st_gid)
        }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count, fflush(file) == 0,
            fsync(fileno(file)) == 0
        else { throw Failure("write", path) }
    }

    private func synchronize(_ directory: String) throws(Failure) {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure("open", directory) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Failure("write", directory) }
    }

    /// A process that holds the lock. It is 0 where that is none of this container's.
    struct LockHolder {
        let process: pid_t
        let isService: Bool
    }

    /// Returns who holds the lock, or nil if it is held here from now on, until this process ends.
    func lock(asService: Bool) throws(Failure) -> LockHolder? {
        let path = directory + "/lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure("open", path) }
        var status = stat()
        if geteuid() == 0, stat(directory, &status) == 0 {
            fchown(descriptor, status.st_uid, status.st_gid)
        }
        while true {
            var lock = flock()
            (lock.l_type, lock.l_whence) = (Int16(F_WRLCK), Int16(SEEK_SET))
            // The length says who holds it: 0, all of the file, is the service's.
            lock.l_len = asService ? 0 : 1
            if fcntl(descriptor, F_SETLK, &lock) == 0 { return nil }
            guard errno == EACCES || errno == EAGAIN, fcntl(descriptor, F_GETLK, &lock) == 0 else {
                throw Failure("lock", path)
            }
            // It may have ended meanwhile.
            guard lock.l_type != F_UNLCK else { continue }
            return LockHolder(process: max(0, lock.l_pid), isService: lock.l_len == 0)
        }
    }
}
