// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The error number of a system call that failed.
struct Errno: Error {
    let number: Int32

    static var latest: Errno { Errno(number: errno) }

    var message: String { String(cString: strerror(number)) }

    /// The process or the system has no room.
    var isExhaustion: Bool { [EMFILE, ENFILE, ENOBUFS, ENOMEM, EAGAIN].contains(number) }
}
