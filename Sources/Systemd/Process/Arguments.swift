// SPDX-License-Identifier: Apache-2.0

import CProcess
import Glibc
import ReprieveTypes

/// The arguments of this program, byte for byte. The standard library reads them from /proc, which
/// may not be mounted, and repairs what is not UTF-8.
package enum Arguments {
    /// Without the program's name.
    package static var rest: [String] {
        let count = Int(process_argument_count())
        guard count > 1, let all = process_arguments() else { return [] }
        return (1..<count).compactMap { all[$0].map { String(rawCString: $0) } }
    }
}

extension String {
    package init(rawCString text: UnsafePointer<CChar>) {
        let length = strlen(text)
        self.init(
            rawBytes: text.withMemoryRebound(to: UInt8.self, capacity: length) {
                Array(UnsafeBufferPointer(start: $0, count: length))
            }
        )
    }

    /// The text's own bytes, as the C library takes them.
    package var rawCString: [CChar] { rawBytes.map { CChar(bitPattern: $0) } + [0] }
}
