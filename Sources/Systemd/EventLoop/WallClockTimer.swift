// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// A timer on the wall clock. Its descriptor is readable when the time has come, also if that was
/// during a suspend, and whenever the clock was set.
package final class WallClockTimer: Sendable {
    package let descriptor: Int32

    package init() throws(SystemError) {
        descriptor = try check(reprieve_wall_clock_timer(), "set up a timer")
        set(to: nil)
    }

    deinit { close(descriptor) }

    /// Milliseconds since 1970-01-01 00:00 UTC.
    package static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// Moves the timer to a second since 1970-01-01 00:00 UTC; nil waits only for the clock to be
    /// set. Returns false if the clock was set since the last call: the second may be a wrong one.
    @discardableResult
    package func set(to second: Int64?) -> Bool {
        reprieve_set_wall_clock_timer(descriptor, max(1, second ?? Self.distantFuture)) == 0
            || errno != ECANCELED
    }

    /// The descriptor is not readable any more until the next time.
    package func acknowledge() {
        var expirations: UInt64 = 0
        // Fails with ECANCELED if the clock was set.
        _ = read(descriptor, &expirations, MemoryLayout.size(ofValue: expirations))
    }

    /// In the year 2999. The kernel counts to 2262, and takes a later time for that.
    private static let distantFuture: Int64 = 32_472_144_000
}

/// The wall clock of the machine.
package enum WallClock {
    package static var isSynchronized: Bool { reprieve_is_clock_synchronized() != 0 }
}
