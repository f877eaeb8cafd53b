// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import ReprieveTransport

/// A terminal on which a text can be redrawn in its place.
struct Terminal: Sendable {
    struct Size: Hashable, Sendable {
        var rows: Int
        var columns: Int

        /// Of a terminal that does not say.
        static let usual = Size(rows: 24, columns: 80)
    }

    private let descriptor: Int32

    /// Nil for a file, a pipe, and a terminal without a cursor that can be moved.
    init?(_ output: OutputStream) {
        guard output.isTerminal, let kind = environment("TERM"), kind != "dumb" else { return nil }
        descriptor = output.descriptor
    }

    var size: Size {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0, size.ws_col > 0
        else { return .usual }
        return Size(rows: Int(size.ws_row), columns: Int(size.ws_col))
    }

    /// False for a background job, which must not draw over what the shell or another program
    /// shows. A terminal that does not control this process has no jobs.
    var isOurs: Bool {
        let group = tcgetpgrp(descriptor)
        return group < 0 || group == getpgrp()
    }

    /// The process group that gets the keys of the controlling terminal. Nil without one.
    static var foregroundGroup: pid_t? {
        let terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC)
        defer { if terminal >= 0 { close(terminal) } }
        // In a chroot there may be no such file.
        return [terminal, 0, 1, 2].map { tcgetpgrp($0) }.first { $0 > 0 }
    }
}
