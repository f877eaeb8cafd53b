// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// systemd's journal, whose entries have fields.
package enum Journal {
    /// Whether a descriptor, such as standard error, is connected to the journal.
    package static func takes(_ descriptor: Int32) -> Bool {
        // systemd gives the device and inode of the stream that it opened.
        guard let given = getenv("JOURNAL_STREAM") else { return false }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return false }
        return String(cString: given) == "\(status.st_dev):\(status.st_ino)"
    }

    /// The journal's socket. libsystemd's own waits where the journal does not read.
    private static let descriptor = reprieve_journal_socket()

    /// Writes an entry, each field of which is one line, without waiting. Returns whether the
    /// journal has taken it.
    package static func file(_ fields: [(name: String, value: String)]) -> Bool {
        let lines = fields.map { field in
            field.name + "=" + field.value.map { $0.isNewline ? " " : $0 } + "\n"
        }
        let entry = Array(lines.joined().utf8)
        return entry.withUnsafeBytes {
            reprieve_journal_send(descriptor, $0.baseAddress, $0.count) >= 0
        }
    }
}
