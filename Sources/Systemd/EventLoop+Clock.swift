// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

extension EventLoop {
    /// The time since boot, asleep or awake (`CLOCK_BOOTTIME`), in whole microseconds.
    ///
    /// It is read when the loop wakes up: all that one turn handles happens at the same instant.
    package var now: Duration {
        var microseconds: UInt64 = 0
        sd_event_now(event, CLOCK_BOOTTIME, &microseconds)
        return .microseconds(Int64(clamping: microseconds))
    }

    /// How long the machine has slept since boot.
    ///
    /// It grows by the time slept and stands still otherwise, but for a jitter of microseconds.
    package var timeAsleep: Duration {
        var shortest = Duration.seconds(Int64.max)
        // Two clocks cannot be read at once. The reading that was disturbed least is the shortest.
        for _ in 0..<3 {
            let awake = Self.read(CLOCK_MONOTONIC)
            shortest = min(shortest, Self.read(CLOCK_BOOTTIME) - awake)
        }
        return shortest
    }

    static func read(_ clock: clockid_t) -> Duration {
        var time = timespec()
        clock_gettime(clock, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}

extension Duration {
    /// Whole microseconds, rounded up, as libsystemd takes them: never early, and never its
    /// "never".
    var roundedUpToMicroseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let fraction = UInt64((attoseconds + 999_999_999_999) / 1_000_000_000_000)
        let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000)
        return overflow ? UInt64.max - 1 : min(whole, UInt64.max - 2_000_000) + fraction
    }
}
