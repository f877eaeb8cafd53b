// SPDX-License-Identifier: Apache-2.0

import Systemd

/// Reads the tokens file again after each change, so that a token is valid, or revoked, at once.
final class TokensWatch {
    /// An editor may move a file away, or empty it, before it writes the new one.
    private static let emptyTime = Duration.milliseconds(500)

    private let loop: EventLoop
    private let log: Log
    private let alarm: Alarm
    private var path = ""
    private var watch: FileWatch?
    private var handler: (TokensFile) -> Void = { _ in }
    /// What was wrong with the file at the latest change, which is not logged twice.
    private var complaint: String?

    init(_ loop: EventLoop, _ log: Log) throws(SystemError) {
        self.loop = loop
        self.log = log
        alarm = try Alarm(on: loop)
        alarm.onFire { [unowned self] in read(isLasting: true) }
    }

    func onTokens(_ handler: @escaping (TokensFile) -> Void) {
        self.handler = handler
    }

    func watch(_ path: String) {
        guard path != self.path || watch == nil else { return }
        self.path = path
        do throws(SystemError) {
            watch = try FileWatch(of: path, on: loop) { [unowned self] in read(isLasting: false) }
        } catch {
            watch = nil
            log.write(.warning, error.message + "; a change of \(path) is noticed at SIGHUP only")
        }
    }

    /// `isLasting`: an empty file, or none, has been so for a while.
    private func read(isLasting: Bool) {
        do throws(ValueError) {
            let file = try TokensFile(at: path)
            let counts = !file.isEmpty || isLasting
            alarm.set(to: counts ? nil : loop.now + Self.emptyTime)
            complaint = nil
            if counts { handler(file) }
        } catch {
            guard error.message != complaint else { return }
            complaint = error.message
            log.write(.error, error.message + "; the tokens that were read before stay valid")
        }
    }
}
