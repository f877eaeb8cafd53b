// SPDX-License-Identifier: Apache-2.0

import Glibc
import ReprieveBroker
import ReprieveProtocol
import Systemd

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

/// The daemon's log: entries of the journal where standard error leads there, so that the entries
/// of an update are found by its id; else lines on standard error.
final class Log {
    /// The least that is written.
    var level: LogLevel
    private let isJournal = Journal.takes(STDERR_FILENO)
    private static let output = DiagnosticOutput(STDERR_FILENO, program: "reprieved", patience: 0)

    init(level: LogLevel) {
        self.level = level
    }

    func write(
        _ level: LogLevel,
        _ text: @autoclosure () -> String,
        message: MessageID? = nil
    ) {
        guard takes(level) else { return }
        // A file's name may hold anything.
        write(level, printable(text(), limit: .max), [("MESSAGE_ID", message?.rawValue)])
    }

    func write(_ entry: LogEntry) {
        let level = LogLevel(entry.level)
        guard takes(level) else { return }
        guard isJournal else { return write(level, entry.text, []) }
        let fields = [
            ("MESSAGE_ID", entry.messageID),
            ("DEPLOYMENT_ID", entry.deploymentID),
            ("COMPONENT", entry.component),
            ("BASIS", entry.basis),
            ("DISRUPTION", entry.disruption),
            ("OUTCOME", entry.outcome),
        ]
        write(level, entry.text, fields)
    }

    private func write(_ level: LogLevel, _ text: String, _ fields: [(String, String?)]) {
        guard takes(level) else { return }
        if isJournal, file(level, text, fields) { return }
        Self.output.write("reprieved: \(text)\n")
    }

    private func takes(_ level: LogLevel) -> Bool { level.priority <= self.level.priority }

    private func file(_ level: LogLevel, _ text: String, _ fields: [(String, String?)]) -> Bool {
        var entry = Journal.Entry()
        entry.add("MESSAGE", text)
        entry.add("PRIORITY", String(level.priority))
        entry.add("SYSLOG_IDENTIFIER", "reprieved")
        for case (let name, let value?) in fields { entry.add(name, value) }
        return Journal.file(entry)
    }
}

/// The kinds of message that are not the broker's own, and never change their meaning.
enum MessageID: String {
    case noBus = "24ad51ad111146718afee1691f028dcd"
    case noInhibitor = "de84f5a5bbaf41409837d2741de7661e"
    case noDelay = "350ee2079d2444949d79767f12eac0ec"
    case noBlock = "d3052f6428744f8e815241e3937cd8ba"
}

extension LogLevel {
    fileprivate init(_ level: LogEntry.Level) {
        switch level {
        case .debug: self = .debug
        case .info: self = .info
        case .warning: self = .warning
        }
    }
}
