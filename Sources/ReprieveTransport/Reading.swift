// SPDX-License-Identifier: Apache-2.0

internal import EventStream
internal import Glibc
internal import ReprieveProtocol

/// The thread of a connection: connects, then waits for bytes until the connection ends.
extension Connection {
    func work(until deadline: ContinuousClock.Instant) {
        do {
            try socket.connect(to: path, within: max(.zero, deadline - .now))
            flush()
            try read(until: deadline)
        } catch let error as SystemError {
            fail(explained(error))
        } catch let error as FrameError {
            fail(broken(error.message))
        } catch let error as ConnectionError {
            fail(error)
        } catch {
            preconditionFailure("an error of no known kind")
        }
        socket.shutDown()
    }

    private func read(until deadline: ContinuousClock.Instant) throws {
        var decoder = FrameDecoder(limits: .fromBroker)
        while !hasFailed {
            try wait(until: isConnecting ? deadline : nil)
            if hasOutput { flush() }
            guard let bytes = try socket.receive() else { continue }
            guard !bytes.isEmpty else {
                throw ConnectionError(.broken, path, because: "the broker hung up")
            }
            decoder.append(bytes)
            while let frame = try decoder.next() { receive(frame) }
        }
    }

    /// Waits for something to read, or for room to write.
    private func wait(until deadline: ContinuousClock.Instant?) throws {
        let output = hasOutput ? Int16(POLLOUT) : 0
        var sources = [
            pollfd(fd: socket.number, events: Int16(POLLIN) | output, revents: 0),
            pollfd(fd: alarm.number, events: Int16(POLLIN), revents: 0),
        ]
        let result = poll(&sources, 2, deadline?.millisecondsLeft ?? -1)
        guard result >= 0 || errno == EINTR else { throw SystemError.latest }
        if let deadline, result == 0, deadline <= .now { throw ConnectionError(.timedOut, path) }
        if sources[1].revents != 0 { alarm.clear() }
    }

    private func explained(_ error: SystemError) -> ConnectionError {
        switch error.number {
        case ENOENT, ENOTDIR: ConnectionError(.noSocket, path)
        case ENAMETOOLONG: ConnectionError(.noSocket, path, because: "the path is too long")
        case ECONNREFUSED: ConnectionError(.refused, path)
        case EACCES, EPERM: ConnectionError(.notPermitted, path)
        case EPROTOTYPE: ConnectionError(.notABroker, path, because: error.message)
        case EAGAIN: ConnectionError(.timedOut, path)
        default: ConnectionError(.broken, path, because: error.message)
        }
    }
}

extension ContinuousClock.Instant {
    /// Rounded up, so that a wait never ends too early.
    fileprivate var millisecondsLeft: Int32 {
        let left = max(.zero, self - .now) / Duration.milliseconds(1)
        return Int32(min(left.rounded(.up), 1_000_000_000))
    }
}
