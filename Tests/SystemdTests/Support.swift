// SPDX-License-Identifier: Apache-2.0

import Glibc
import Systemd
import Testing

/// A folder of its own for a test's sockets, deleted with all its files.
final class Folder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/reprieve-XXXXXX".utf8CString)
        _ = try #require(mkdtemp(&template))
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        for name in contents { unlink(self / name) }
        rmdir(path)
    }

    var contents: [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            names.append(withUnsafePointer(to: &entry.pointee.d_name.0) { String(cString: $0) })
        }
        return names.filter { $0 != "." && $0 != ".." }.sorted()
    }

    static func / (folder: Folder, name: String) -> String { folder.path + "/" + name }
}

/// A connection: the near end is ours, the far end is the peer's.
final class Peer {
    let token: UInt64
    let near: StreamSocket
    private(set) var far: StreamSocket?

    init(_ token: UInt64 = 0) throws {
        self.token = token
        var ends: [Int32] = [-1, -1]
        // A process that another test starts meanwhile must not keep an end open.
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        try #require(socketpair(AF_UNIX, type, 0, &ends) == 0)
        near = StreamSocket(owning: ends[0])
        far = StreamSocket(owning: ends[1])
    }

    /// The peer writes.
    func say(_ text: String = "x") { #expect(far?.write(text) == .bytes(text.utf8.count)) }

    /// The peer reads all there is.
    func listen() -> String { far?.readText() ?? "" }

    func hangUp() { far = nil }
}

/// A socket that connected to a path.
final class Client {
    let socket: StreamSocket

    init(_ path: String) throws { socket = try StreamSocket(connectingTo: path) }

    var hasEnded: Bool {
        var buffer: [UInt8] = [0]
        return socket.read(into: &buffer) == .ended
    }
}

extension StreamSocket {
    func write(_ text: String) -> WriteOutcome { write(Array(text.utf8).span) }

    /// All that can be read now.
    func readText() -> String {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var text = ""
        while case .bytes(let count) = read(into: &buffer) {
            text += String(decoding: buffer[..<count], as: UTF8.self)
        }
        return text
    }
}

extension EventLoop {
    /// Runs until a handler calls `exit()`, or for so long. Waiting in vain fails in ten seconds.
    func runToExit(after delay: Duration? = nil) throws {
        let end = try Alarm(on: self)
        end.set(to: now + (delay ?? .seconds(10)))
        end.onFire { [unowned self] in exit(code: delay == nil ? 1 : 0) }
        #expect(try run() == 0, "it waited in vain")
    }
}

/// What a handler noted.
final class Log {
    var entries: [String] = []
    func add(_ entry: String) { entries.append(entry) }
}

extension StreamSocket {
    /// Writes until the socket takes no more, and returns how much it took.
    func writeAll(_ bytes: some Sequence<UInt8>) -> Int {
        let bytes = Array(bytes)
        var sent = 0
        while sent < bytes.count, case .bytes(let count) = write(bytes.span.extracting(sent...)) {
            sent += count
        }
        return sent
    }
}

/// Opens files until the process may open no more. For processes of their own only.
func hoardDescriptors() -> [Int32] {
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    getrlimit(resource, &limit)
    limit.rlim_cur = min(limit.rlim_cur, 256)
    setrlimit(resource, &limit)
    var hoard: [Int32] = []
    while case let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC), descriptor >= 0 {
        hoard.append(descriptor)
    }
    return hoard
}

/// A socket of somebody else, bound to a path but not listening.
func bindUnix(_ path: String, type: __socket_type = SOCK_STREAM) throws -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let result = withUnsafePointer(to: address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
    try #require(result == 0)
    return descriptor
}

/// What a daemon leaves behind that was killed.
func leaveStaleSocket(at path: String) throws {
    close(try bindUnix(path))
}
