// SPDX-License-Identifier: Apache-2.0

internal import EventStream
internal import ReprieveProtocol
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A Unix socket. `send` writes to it at once; a thread of its own reads, and writes the bytes for
/// which the socket had no room.
final class SocketWire: Wire {
    private let path: String
    private let socket: SocketDescriptor
    /// Wakes the thread when bytes are left to write.
    private let wakeUp: WakeUp
    private let outbox = Mutex(Outbox())

    private struct Outbox {
        var bytes: [UInt8] = []
        var isConnected = false
        /// The thread waits, or is about to: it knows no limit that is set from now on.
        var isWaiting = false
        /// The broker did not read so much that the rest was dropped.
        var isFull = false
    }

    init(to path: String) throws(ConnectionError) {
        self.path = path
        do {
            socket = try .unixSocket()
            wakeUp = try WakeUp()
        } catch {
            let code = error.isExhaustion ? ConnectionError.Code.exhausted : .broken
            throw ConnectionError(code, path, because: error.message)
        }
    }

    func start(for connection: Connection, timeout: Duration) throws(ConnectionError) {
        let deadline = SuspendingClock.now + timeout
        do {
            try startThread { [self] in work(for: connection, ReadLimit(deadline, timeout)) }
        } catch {
            throw ConnectionError(.exhausted, path, because: error.message)
        }
    }

    func send(_ bytes: [UInt8]) {
        let isStuck = outbox.withLock { outbox in
            guard !outbox.isFull else { return true }
            outbox.bytes += bytes
            if outbox.isConnected { flush(&outbox) }
            outbox.isFull = outbox.bytes.count > Limits.clientOutbox
            if outbox.isFull { outbox.bytes = [] }
            return outbox.isConnected && (outbox.isFull || !outbox.bytes.isEmpty)
        }
        if isStuck { wakeUp.send() }
    }

    func limitChanged() {
        if outbox.withLock({ $0.isWaiting }) { wakeUp.send() }
    }

    func hangUp() {
        socket.shutDown()
    }

    private func flush(_ outbox: inout Outbox) {
        guard !outbox.bytes.isEmpty else { return }
        // A failure shows when the thread reads, after the last bytes of the broker.
        guard let count = try? socket.send(outbox.bytes[...]) else {
            outbox.bytes = []
            return
        }
        outbox.bytes.removeFirst(count)
    }
}

// MARK: - The thread

extension SocketWire {
    /// Connects, then reads and writes until the connection ends.
    private func work(for connection: Connection, _ limit: ReadLimit) {
        do {
            // A limit of 0 would be none.
            let time = max(.milliseconds(1), limit.handshakeDeadline - .now)
            try socket.connect(to: path, within: time)
            outbox.withLock { outbox in
                outbox.isConnected = true
                flush(&outbox)
            }
            try read(for: connection, limit)
        } catch let error as Errno {
            connection.fail(explained(error))
        } catch let error as FrameError {
            connection.fail(connection.broken(error.message))
        } catch let error as ConnectionError {
            connection.fail(error)
        } catch {
            preconditionFailure("the socket threw an error of an unknown type")
        }
        socket.shutDown()
    }

    private func read(for connection: Connection, _ limit: ReadLimit) throws {
        var limit = limit
        while !connection.hasFailed {
            outbox.withLock { $0.isWaiting = true }
            let deadline = limit.deadline(for: connection)
            let hasEvents = try wait(until: deadline)
            if let reason = limit.excess(of: connection, hasEvents: hasEvents, deadline) {
                throw ConnectionError(.timedOut, path, because: reason)
            }
            let isFull = outbox.withLock { outbox in
                outbox.isWaiting = false
                flush(&outbox)
                return outbox.isFull
            }
            guard !isFull else {
                throw ConnectionError(.broken, path, because: "the broker does not read")
            }
            guard let bytes = try socket.receive() else { continue }
            guard !bytes.isEmpty else {
                throw ConnectionError(.broken, path, because: "the broker hung up")
            }
            try connection.receive(bytes)
        }
    }

    /// Waits for bytes to read, or for room to write. Returns false if there was neither.
    private func wait(until deadline: SuspendingClock.Instant?) throws -> Bool {
        let output = outbox.withLock { $0.bytes.isEmpty } ? 0 : Int16(POLLOUT)
        var sources = [
            pollfd(fd: socket.number, events: Int16(POLLIN) | output, revents: 0),
            pollfd(fd: wakeUp.number, events: Int16(POLLIN), revents: 0),
        ]
        let result = poll(&sources, 2, deadline?.millisecondsLeft ?? -1)
        guard result >= 0 || errno == EINTR else { throw Errno.latest }
        if sources[1].revents != 0 { wakeUp.clear() }
        return result != 0
    }

    private static func whyNoPath(_ path: String) -> String {
        let (count, longest) = (path.utf8.count, SocketDescriptor.longestPath)
        if count == 0 { return "it is empty" }
        if count <= longest { return "it contains a NUL" }
        return "it has \(count) bytes; a socket's may have at most \(longest)"
    }

    private func explained(_ error: Errno) -> ConnectionError {
        switch error.number {
        case ENOENT, ENOTDIR: ConnectionError(.noSocket, path)
        case ENAMETOOLONG, EINVAL:
            ConnectionError(.invalidPath, path, because: Self.whyNoPath(path))
        case ECONNREFUSED: ConnectionError(.refused, path)
        case EACCES, EPERM: ConnectionError(.notPermitted, path)
        case EPROTOTYPE: ConnectionError(.notABroker, path, because: error.message)
        case EAGAIN: ConnectionError(.timedOut, path, because: "its queue is full")
        default: ConnectionError(.broken, path, because: error.message)
        }
    }
}

extension SuspendingClock.Instant {
    /// Rounded up, so that a wait never ends too early. In integers: the division of durations
    /// would load code that costs a component memory.
    fileprivate var millisecondsLeft: Int32 {
        let (seconds, attoseconds) = max(.zero, self - .now).components
        let milliseconds = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int32(min(seconds, 1_000_000) * 1_000 + milliseconds)
    }
}
