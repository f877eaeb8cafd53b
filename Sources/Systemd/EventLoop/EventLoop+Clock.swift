// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// One reading of all clocks. The three values belong together: none of them is from before or
/// after a suspend that another one has seen.
package struct ClockReading: Equatable, Sendable {
    /// The time since boot, asleep or awake (`CLOCK_BOOTTIME`), in whole microseconds. When an
    /// alarm fires, this is never before the alarm's instant.
    package var sinceBoot: Duration
    /// How long the device has been suspended since boot. It grows by the time suspended and
    /// stands still otherwise, but for a jitter of microseconds.
    package var asleep: Duration
    /// What the wall clock would have said at boot, since 1970. It changes when the wall clock is
    /// set.
    package var wallClockAtBoot: Duration

    package init(sinceBoot: Duration, asleep: Duration, wallClockAtBoot: Duration) {
        self.sinceBoot = sinceBoot
        self.asleep = asleep
        self.wallClockAtBoot = wallClockAtBoot
    }
}

extension ClockReading {
    /// Reads the clocks now.
    ///
    /// Several clocks cannot be read at one instant. The thread can lose the processor in between,
    /// which makes the difference between two clocks too long, never too short. Of at most three
    /// attempts the shortest counts.
    static func read() -> Self {
        var best = Attempt()
        for _ in 1..<3 where !best.isShort {
            let next = Attempt()
            if next.length < best.length { best = next }
        }
        return ClockReading(
            sinceBoot: .microseconds(best.sinceBoot / 1_000),
            asleep: .nanoseconds(best.sinceBoot - best.awake),
            wallClockAtBoot: .nanoseconds(best.wallClock - best.sinceBoot)
        )
    }

    /// In nanoseconds.
    private struct Attempt {
        let awake = EventLoop.nanoseconds(CLOCK_MONOTONIC)
        let sinceBoot = EventLoop.nanoseconds(CLOCK_BOOTTIME)
        let wallClock = EventLoop.nanoseconds(CLOCK_REALTIME)
        private let end = EventLoop.nanoseconds(CLOCK_MONOTONIC)

        var length: Int64 { end - awake }

        /// The processor was not lost.
        var isShort: Bool { length < 10_000 }
    }
}

extension EventLoop {
    /// The time since boot at which the loop woke up, in whole microseconds.
    package var now: Duration {
        var microseconds: UInt64 = 0
        sd_event_now(event, CLOCK_BOOTTIME, &microseconds)
        return .microseconds(Int64(clamping: microseconds))
    }

    /// All clocks, read now. The loop may have woken up some turns earlier, and what a component
    /// has been granted must not count from before its request was there.
    package var clocks: ClockReading { ClockReading.read() }

    static func read(_ clock: clockid_t) -> Duration { .nanoseconds(nanoseconds(clock)) }

    /// They last for three centuries.
    fileprivate static func nanoseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
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
