// SPDX-License-Identifier: Apache-2.0

import BrokerStage
import Negotiation
import ReprieveBroker
import ReprieveProtocol

// What happens to the machine in a history.

extension History {
    mutating func beginShutdown() {
        let limits = [0, 100, 1_000, 5_000, 60_000].map { Duration.milliseconds($0) }
        guard let limit = limits.randomElement(using: &dice),
            let kind = Shutdown.Kind.allCases.randomElement(using: &dice)
        else { return }
        transcript.append("\(kind.rawValue) within \(limit.wholeMilliseconds) ms begins")
        stage.handle(.shutdownBegins(Shutdown(kind, limit: limit)))
        objections += witnesses.begin(limit, stage.takeMinutes(), at: stage.now)
    }

    mutating func callOffShutdown() {
        transcript.append("no shutdown is under way any more")
        let before = stage.broker.negotiation
        stage.handle(.shutdownCalledOff)
        let after = stage.broker.negotiation
        objections += witnesses.callOff(stage.takeMinutes(), before, after)
    }

    mutating func sleep() {
        let duration = Duration.milliseconds(Int.random(in: 1...9_000, using: &dice))
        transcript.append("the device sleeps for \(duration.wholeMilliseconds) ms")
        witnesses.sleep(duration, stage.broker.negotiation)
        stage.sleep(duration)
    }

    mutating func restartBroker() {
        transcript.append("the broker dies and is back")
        let (expected, objections) = witnesses.restart(stage.broker.negotiation, at: stage.now)
        self.objections += objections
        stage.restart()
        if stage.broker.negotiation != expected {
            self.objections.append("6: it recalls otherwise")
        }
        stage.keepMinutes()
    }

    mutating func reboot() {
        transcript.append("the device reboots")
        let before = stage.broker.negotiation
        stage.reboot(isOrderly: true)
        stage.keepMinutes()
        objections += witnesses.reboot(before, stage.broker.negotiation, at: stage.now)
    }
}
