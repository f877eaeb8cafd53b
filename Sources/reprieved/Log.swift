// SPDX-License-Identifier: Apache-2.0

import Glibc

enum LogLevel: String {
    case debug
    case info
    case warning
    case error

    /// The number that the journal knows it by.
    var priority: Int {
        switch self {
        case .error: 3
        case .warning: 4
        case .info: 6
        case .debug: 7
        }
    }
}

/// Lines on standard error. Where that is the journal, each says how grave it is.
final class Log {
    /// The least that is written.
    var level: LogLevel
    private let isJournal = getenv("JOURNAL_STREAM") != nil

    init(level: LogLevel) {
        self.level = level
    }

    func write(_ level: LogLevel, _ text: @autoclosure () -> String) {
        guard level.priority <= self.level.priority else { return }
        let prefix = isJournal ? "<\(level.priority)>" : "reprieved: "
        let line = Array((prefix + text() + "\n").utf8)
        _ = line.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
