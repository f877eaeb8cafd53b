// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol

// What happens to the machine in a history.

extension History {
    mutating func beginShutdown() {
        // What a broker makes of a shutdown in which it dies is tested apart from this.
        harness.host.operationsLeft = nil
        let limits = [0, 100, 1_000, 5_000, 60_000].map { Duration.milliseconds($0) }
        guard let limit = limits.randomElement(using: &dice),
            let kind = Shutdown.Kind.allCases.randomElement(using: &dice)
        else { return }
        transcript.append("\(kind.rawValue) within \(limit.wholeMilliseconds) ms begins")
        harness.turn(.shutdownBegins(Shutdown(kind, limit: limit)))
        objections += checker.begin(limit, harness.takeTrace(), at: harness.now)
    }

    mutating func callOffShutdown() {
        harness.host.operationsLeft = nil
        transcript.append("no shutdown is under way any more")
        let before = harness.broker.negotiation
        harness.turn(.shutdownCalledOff)
        let after = harness.broker.negotiation
        objections += checker.callOff(harness.takeTrace(), before, after)
    }

    mutating func suspend() {
        let duration = Duration.milliseconds(Int.random(in: 1...9_000, using: &dice))
        transcript.append("the device is suspended for \(duration.wholeMilliseconds) ms")
        checker.suspend(duration, harness.broker.negotiation)
        harness.suspend(duration)
    }

    mutating func restartBroker() {
        repairHost()
        if outlivesBroker { return restartUnseen() }
        transcript.append("the broker dies and is back")
        let (expected, objections) = checker.restart(
            harness.broker.negotiation,
            slept: harness.unnoticedSleep,
            at: harness.now
        )
        self.objections += objections
        harness.restart(losing: harness.host.kept)
        if harness.broker.negotiation != expected {
            self.objections.append("6: it recalls otherwise")
        }
        harness.keepTrace()
    }

    mutating func reboot() {
        repairHost()
        transcript.append("the device reboots")
        let before = harness.broker.negotiation
        harness.reboot(isOrderly: true)
        harness.keepTrace()
        objections += checker.reboot(before, harness.broker.negotiation, at: harness.now)
    }
}
