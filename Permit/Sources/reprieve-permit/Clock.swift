// SPDX-License-Identifier: Apache-2.0

internal import Glibc

enum Clock {
    /// Since boot, sleep included.
    static var now: Duration {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
