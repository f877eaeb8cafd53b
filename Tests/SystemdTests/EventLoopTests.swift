// SPDX-License-Identifier: Apache-2.0

import Glibc
import Systemd
import Testing

@Suite("An event loop") struct EventLoopTests {
    @Test func `its clock is the time since boot`() throws {
        let loop = try EventLoop()
        let before = sinceBoot()
        let now = loop.now
        // The loop counts in whole microseconds.
        #expect(now > before - .microseconds(1))
        #expect(now <= sinceBoot())
    }

    private func sinceBoot() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    @Test func `the time asleep stands still while it is awake`() throws {
        // A loop that does not run wakes up for each reading.
        let loop = try EventLoop()
        let readings = (0..<100).map { _ in loop.clocks.asleep }.sorted()
        #expect(readings[0] > .milliseconds(-1))
        #expect(readings[90] - readings[10] < .milliseconds(1))
    }

    @Test func `reads the clocks at the end of each turn, also of several in one waking`() throws {
        let loop = try EventLoop()
        let alarm = try Alarm(on: loop)
        var done = sinceBoot()
        loop.onTurnEnd { #expect(loop.clocks.sinceBoot > done - .microseconds(1)) }
        alarm.onFire {
            for _ in 0..<3 {
                loop.turn {
                    let begun = sinceBoot()
                    while sinceBoot() < begun + .milliseconds(1) {}
                    done = sinceBoot()
                }
            }
            loop.exit()
        }
        alarm.set(to: loop.now)
        try loop.runToExit()
    }

    @Test func `no reading is from before the alarm that fired`() throws {
        let loop = try EventLoop()
        let alarm = try Alarm(on: loop)
        var due = loop.now
        var count = 0
        alarm.onFire {
            #expect(loop.clocks.sinceBoot >= due)
            count += 1
            guard count < 20 else { return loop.exit() }
            due = loop.now + .nanoseconds(100_001)
            alarm.set(to: due)
        }
        alarm.set(to: due)
        try loop.runToExit()
        #expect(count == 20)
    }

    @Test func `knows when the wall clock began`() throws {
        let clocks = try EventLoop().clocks
        let wallClock = Duration.seconds(time(nil))
        let difference = clocks.wallClockAtBoot + clocks.sinceBoot - wallClock
        #expect(difference > .seconds(-1) && difference < .seconds(2))
    }

    @Test func `returns the code that it was left with`() throws {
        let loop = try EventLoop()
        loop.exit(code: 75)
        #expect(try loop.run() == 75)
    }

    @Test func `a signal is an event, and ends in a turn`() async {
        await #expect(processExitsWith: .exitCode(15)) {
            let loop = try EventLoop()
            var number: Int32 = 0
            // A test may run on a thread that blocks all signals; a daemon's first does not.
            var all = sigset_t()
            sigfillset(&all)
            pthread_sigmask(SIG_UNBLOCK, &all, nil)
            try loop.onSignal(SIGTERM) { number = SIGTERM }
            try loop.onSignal(SIGHUP) { number = SIGHUP }
            loop.onTurnEnd { loop.exit(code: number) }
            pthread_kill(pthread_self(), SIGTERM)
            exit(try loop.run())
        }
    }

    @Test func `what libsystemd refuses is an error`() throws {
        let loop = try EventLoop()
        let error = #expect(throws: SystemError.self) { try loop.onSignal(0) {} }
        #expect(error?.message == "cannot watch a signal: Invalid argument (EINVAL)")
    }

    @Test func `a peer that hung up does not kill the process`() async {
        await #expect(processExitsWith: .success) {
            _ = try EventLoop()
            kill(getpid(), SIGPIPE)
        }
    }
}
