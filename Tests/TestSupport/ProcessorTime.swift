// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The processor time that `body` takes on its thread, the least of a few runs: what other
/// processes and threads do meanwhile does not count.
package func processorTime(_ body: () throws -> Void) rethrows -> Duration {
    var least = Duration.seconds(3_600)
    for _ in 0..<5 {
        let start = threadTime()
        try body()
        least = min(least, threadTime() - start)
    }
    return least
}

/// Whether some work takes less than so many times the processor time of a reference. They are
/// measured beside each other, some times: neighbours may slow down one of the two.
package func takesLess(
    than factor: Int,
    times reference: () throws -> Void,
    _ work: () throws -> Void
) rethrows -> Bool {
    for _ in 0..<4 where try processorTime(work) < processorTime(reference) * factor {
        return true
    }
    return false
}

/// The processor time that this thread has taken so far.
package func threadTime() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}
