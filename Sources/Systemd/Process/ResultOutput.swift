// SPDX-License-Identifier: Apache-2.0

import CProcess
import Glibc

/// An output for what a program is run for: a write waits for the reader, and fails if it is not
/// complete.
package struct ResultOutput: Sendable {
    package let descriptor: Int32

    package init(_ descriptor: Int32) { self.descriptor = descriptor }

    package func write(_ bytes: [UInt8]) throws(SystemError) {
        // What is open there instead would take it and lose it.
        guard process_was_closed(descriptor) == 0 else {
            throw SystemError("write the result", errno: EBADF)
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                _ = process_await_writing(descriptor, -1)
            } else if errno != EINTR {
                throw SystemError("write the result", errno: errno)
            }
        }
    }
}
