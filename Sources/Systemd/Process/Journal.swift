// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// The journal, which files each message under its fields.
package enum Journal {
    /// Whether a descriptor, such as standard error, leads there and nowhere else.
    package static func takes(_ descriptor: Int32) -> Bool {
        // systemd names the device and inode of the stream that it opened.
        guard let given = getenv("JOURNAL_STREAM") else { return false }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return false }
        return String(cString: given) == "\(status.st_dev):\(status.st_ino)"
    }

    /// Files a message. Returns whether the journal has it.
    package static func file(_ fields: [(name: String, value: String)]) -> Bool {
        let entries = fields.map { Array(($0.name + "=" + $0.value).utf8) }
        let starts = entries.indices.map { index in
            entries[..<index].reduce(0) { $0 + $1.count }
        }
        var bytes = entries.flatMap(\.self)
        return bytes.withUnsafeMutableBytes { bytes in
            let vectors = zip(starts, entries).map { start, entry in
                iovec(iov_base: bytes.baseAddress.map { $0 + start }, iov_len: entry.count)
            }
            return sd_journal_sendv(vectors, Int32(vectors.count)) == 0
        }
    }
}
