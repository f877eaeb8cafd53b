// SPDX-License-Identifier: Apache-2.0

import Systemd
import Testing

@Suite("An alarm") struct AlarmTests {
    let loop: EventLoop
    let alarm: Alarm

    init() throws {
        loop = try EventLoop()
        alarm = try Alarm(on: loop)
    }

    @Test func `fires at its instant, and never early`() throws {
        var lateness: [Duration] = []
        var due = loop.now + .milliseconds(3)
        alarm.set(to: due)
        alarm.onFire {
            lateness.append(loop.now - due)
            guard lateness.count < 10 else { return loop.exit() }
            due = loop.now + .microseconds(3_333)
            alarm.set(to: due)
        }
        try loop.runToExit()
        #expect(lateness.allSatisfy { $0 >= .zero })
        // A busy machine may hold up most of them.
        #expect(lateness.sorted()[1] < .milliseconds(5))
    }

    @Test func `fires once for two settings`() throws {
        var turns = 0
        let start = loop.now
        alarm.set(to: start + .seconds(5))
        alarm.set(to: start + .milliseconds(1))
        alarm.set(to: start + .milliseconds(1))
        alarm.onFire {
            alarm.onFire { Issue.record("it fired again") }
        }
        loop.onTurnEnd { turns += 1 }
        try loop.runToExit(after: .milliseconds(10))
        #expect(turns == 2, "one is the alarm's, one the exit's")
    }

    @Test func `fires again when it is set to the same instant again`() throws {
        let due = loop.now
        var count = 0
        alarm.set(to: due)
        alarm.onFire {
            count += 1
            count < 3 ? alarm.set(to: due) : loop.exit()
        }
        try loop.runToExit()
        #expect(count == 3)
    }

    @Test(arguments: [nil, Duration.seconds(Int64.max), .seconds(Int64.max / 1_000_000)])
    func `does not fire when it is off, or for ever away`(instant: Duration?) throws {
        alarm.set(to: loop.now)
        alarm.set(to: instant)
        alarm.onFire { Issue.record("it fired") }
        var turns = 0
        loop.onTurnEnd { turns += 1 }
        try loop.runToExit(after: .milliseconds(5))
        #expect(turns == 1, "the exit's")
    }

    @Test(arguments: [Duration.zero, .seconds(-1), .nanoseconds(1)])
    func `fires at once for an instant in the past`(instant: Duration) throws {
        alarm.set(to: instant)
        alarm.onFire { loop.exit() }
        try loop.runToExit()
    }
}
