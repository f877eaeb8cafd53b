// SPDX-License-Identifier: Apache-2.0

import Systemd

/// Listens again where the files of the sockets were removed, or their whole directory. A socket
/// that systemd has opened is not opened again: its loss is logged. The watch wakes up only when a
/// file is removed there.
final class SocketWatch {
    /// A process that empties a directory removes it next, which a new file would prevent.
    private static let delay = Duration.milliseconds(200)
    private static let retryInterval = Duration.seconds(5)

    private let loop: EventLoop
    private let log: Log
    private let alarm: Alarm

    private struct Watched {
        let acceptor: Acceptor
        let path: String
        /// Whether this process has made its file.
        let isOwn: Bool
    }

    private var sockets: [Watched] = []
    private var watches: [DirectoryWatch] = []

    init(_ loop: EventLoop, _ log: Log) throws(SystemError) {
        self.loop = loop
        self.log = log
        alarm = try Alarm(on: loop)
        alarm.onFire { [unowned self] in restore() }
    }

    func add(_ acceptor: Acceptor, of socket: ListenSocket) {
        guard socket.path.hasPrefix("/") else { return }
        sockets.append(Watched(acceptor: acceptor, path: socket.path, isOwn: socket.isOwn))
        watch()
    }

    private func watch() {
        watches = []
        for socket in sockets {
            do throws(SystemError) {
                let path = socket.path
                let watch = try DirectoryWatch(of: path, on: loop) { [unowned self] in look() }
                watches.append(watch)
            } catch {
                guard socket.isOwn else { continue }
                log.write(.warning, error.message + "; the socket is not made again if removed")
            }
        }
    }

    private func look() {
        let isWhole = sockets.allSatisfy(\.acceptor.isInPlace)
        if !isWhole { alarm.set(to: loop.now + Self.delay) }
    }

    private func restore() {
        let missing = sockets.filter { !$0.acceptor.isInPlace }
        for socket in missing where !socket.isOwn { report(socket.path) }
        // These are said once.
        sockets.removeAll { !$0.isOwn && !$0.acceptor.isInPlace }
        for socket in missing where socket.isOwn {
            do throws(SystemError) {
                try ensureDirectory(of: socket.path)
                try socket.acceptor.restore()
                log.write(.warning, "\(socket.path) was removed; it is made again")
            } catch {
                log.write(.warning, error.message)
                alarm.set(to: loop.now + Self.retryInterval)
            }
        }
        watch()
    }

    private func report(_ path: String) {
        let command = "systemctl restart reprieved.socket reprieved-control.socket"
        let advice = "systemd has to make it again, as with `\(command)`"
        log.write(.warning, "\(path) was removed, and no client finds this daemon; " + advice)
    }

    private func ensureDirectory(of path: String) throws(SystemError) {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
        try makeDirectory(String(path[..<slash]))
    }
}
