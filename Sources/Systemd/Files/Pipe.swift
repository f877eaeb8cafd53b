// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// The two ends of a pipe, neither of which survives exec.
package struct Pipe: Sendable {
    package let readingEnd: Int32
    package let writingEnd: Int32

    /// Its creator closes both ends.
    package init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        try check(pipe2(&ends, O_CLOEXEC), "make a pipe")
        (readingEnd, writingEnd) = (ends[0], ends[1])
    }
}
