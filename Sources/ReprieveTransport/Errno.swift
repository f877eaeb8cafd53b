// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The error number of a system call that failed.
struct Errno: Error {
    let number: Int32

    static var latest: Errno { Errno(number: errno) }

    var message: String { String(cString: strerror(number)) }
}
