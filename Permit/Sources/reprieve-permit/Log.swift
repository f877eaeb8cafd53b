// SPDX-License-Identifier: Apache-2.0

internal import CCurl
internal import Glibc
internal import Logging
internal import Permit

/// Standard error, with the prefixes by which systemd's journal knows how serious a line is.
enum Log {
    static func write(_ severity: PermitStateMachine.Severity, _ text: String) {
        let prefix = severity == .warning ? "<4>" : "<5>"
        write(prefix + onOneLine(text))
    }

    /// An update's id may be any text.
    private static func onOneLine(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }
            )
        )
    }

    /// A line on standard error.
    static func write(_ line: String) {
        var bytes = Array((line + "\n").utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes {
                Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count)
            }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }

    /// What `systemctl status` shows.
    static func tell(status: String) {
        sd_notify(0, "STATUS=" + onOneLine(status))
    }

    static func tellReady() {
        sd_notify(0, "READY=1")
    }

    /// For the library.
    static let logger = Logger(label: "reprieve-permit") { _ in Handler() }

    private struct Handler: LogHandler {
        var logLevel = Logger.Level.notice
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            Log.write(event.level >= .warning ? .warning : .notice, "\(event.message)")
        }
    }
}
