// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Keeps a signal until it is read, also one that comes before anything waits for it. One for the
/// program's life.
struct SignalPipe {
    nonisolated(unsafe) private static var writer: Int32 = -1

    /// Readable when the signal has come.
    let reader: Int32

    init(_ number: Int32) {
        var ends: [Int32] = [-1, -1]
        pipe(&ends)
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (reader, Self.writer) = (ends[0], ends[1])
        signal(number) { _ in
            let before = errno
            var byte: UInt8 = 0
            write(SignalPipe.writer, &byte, 1)
            errno = before
        }
    }

    func drain() {
        var bytes = (UInt64(0), UInt64(0))
        while read(reader, &bytes, MemoryLayout.size(ofValue: bytes)) > 0 {}
    }
}
