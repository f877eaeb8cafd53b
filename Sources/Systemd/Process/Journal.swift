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

    /// The journal's socket. The one that libsystemd opens waits where the journal does not read.
    private static let descriptor = reprieve_journal_socket()

    /// Writes an entry without waiting. Returns whether the journal has taken it.
    package static func file(_ entry: Entry) -> Bool {
        entry.bytes.withUnsafeBytes {
            reprieve_journal_send(descriptor, $0.baseAddress, $0.count) >= 0
        }
    }

    /// Fields, one in a line.
    package struct Entry {
        package private(set) var bytes: [UInt8] = []

        /// There is room for most.
        package init() { bytes.reserveCapacity(512) }

        /// A line break in the value becomes a space.
        package mutating func add(_ name: String, _ value: String) {
            bytes.append(contentsOf: name.utf8)
            bytes.append(UInt8(ascii: "="))
            let start = bytes.count
            bytes.append(contentsOf: value.utf8)
            for place in start..<bytes.count where bytes[place].isLineBreak {
                bytes[place] = UInt8(ascii: " ")
            }
            bytes.append(UInt8(ascii: "\n"))
        }
    }
}
