// SPDX-License-Identifier: Apache-2.0

import Systemd

/// Listens again where somebody removed the files of the sockets, or their whole directory. It
/// wakes up only when a file is removed there.
final class SocketWatch {
    /// Whoever empties a directory removes it next, and would find it in use.
    private static let delay = Duration.milliseconds(200)
    private static let retryInterval = Duration.seconds(5)

    private let loop: EventLoop
    private let log: Log
    private let alarm: Alarm
    private var sockets: [(acceptor: Acceptor, path: String)] = []
    private var watches: [DirectoryWatch] = []

    init(_ loop: EventLoop, _ log: Log) throws(SystemError) {
        self.loop = loop
        self.log = log
        alarm = try Alarm(on: loop)
        alarm.onFire { [unowned self] in restore() }
    }

    /// Watches a socket whose file this process has made.
    func add(_ acceptor: Acceptor, at path: String) {
        sockets.append((acceptor, path))
        watch()
    }

    private func watch() {
        watches = []
        for (_, path) in sockets {
            do throws(SystemError) {
                let watch = try DirectoryWatch(of: path, on: loop) { [unowned self] in look() }
                watches.append(watch)
            } catch {
                log.write(.warning, error.message + "; the socket is not made again if removed")
            }
        }
    }

    private func look() {
        let isWhole = sockets.allSatisfy(\.acceptor.isInPlace)
        if !isWhole { alarm.set(to: loop.now + Self.delay) }
    }

    private func restore() {
        for (acceptor, path) in sockets where !acceptor.isInPlace {
            do throws(SystemError) {
                try ensureDirectory(of: path)
                try acceptor.restore()
                log.write(.warning, "\(path) was removed; it is made again")
            } catch {
                log.write(.warning, error.message)
                alarm.set(to: loop.now + Self.retryInterval)
            }
        }
        watch()
    }

    private func ensureDirectory(of path: String) throws(SystemError) {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
        try makeDirectory(String(path[..<slash]))
    }
}
