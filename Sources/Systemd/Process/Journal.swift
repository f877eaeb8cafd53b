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

    /// Writes an entry. Returns whether the journal has taken it.
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
