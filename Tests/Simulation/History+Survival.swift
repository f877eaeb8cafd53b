// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker

// Connections that outlive the broker in a history.

extension History {
    /// Whether the broker's death changes nothing: each connection that matters outlives it, and no
    /// grace begins again. (The shutdown of a machine is announced again, by the broker itself.)
    var outlivesBroker: Bool {
        let lost = Set(components + coordinators).subtracting(harness.broker.connectionsOnRecord)
        return harness.broker.settings.keepsConnections && lost.isEmpty
            && harness.unnoticedSleep == .zero && !checker.isMachineGoingDown
            && harness.broker.negotiation.isComplete && statuses == statuses(afterwards: true)
    }

    /// The models are told nothing: whatever they expect of the broker, they go on to expect.
    mutating func restartUnseen() {
        transcript.append("the broker dies and is back, and no connection ends")
        let expected = afterRestart
        harness.restart()
        if harness.broker.negotiation != expected { objections.append("it goes on otherwise") }
        harness.keepTrace()
    }

    private var afterRestart: Negotiation {
        var negotiation = harness.broker.negotiation
        negotiation.restart(keeping: harness.host.survivors, at: harness.now)
        return negotiation
    }

    private var statuses: [UpdateStatus] { statuses(afterwards: false) }

    private func statuses(afterwards: Bool) -> [UpdateStatus] {
        let negotiation = afterwards ? afterRestart : harness.broker.negotiation
        return negotiation.updates.entries.map { $0.status(at: harness.now) }
    }

    /// The broker died within a turn. With the connections that outlived it, too, what is recalled
    /// must be what stood at the end of some step.
    mutating func objectToSurvivors(of states: [Negotiation]) {
        guard !states.contains(where: \.hasShutdown) else { return }
        let (now, broker) = (harness.now, harness.recalledBroker())
        let survivors = broker.connectionsOnRecord
        var recalled = broker.negotiation
        _ = recalled.handle(.sent, at: now)
        let wasOnce = states.contains { state in
            var state = state
            state.restart(keeping: survivors, at: now)
            _ = state.handle(.sent, at: now)
            return state == recalled
        }
        if !wasOnce { objections.append("what is recalled with its connections never was") }
    }
}

extension Negotiation {
    /// Nobody is expected, or expected to return.
    fileprivate var isComplete: Bool {
        let states = updates.entries.flatMap(\.participants.entries).map(\.state)
        return updates.entries.allSatisfy { !$0.coordinators.isEmpty }
            && !states.contains(.absent) && !states.contains(.away)
            && subscribers.count == allSubscriptions.count
            && zip(subscribers, allSubscriptions).allSatisfy { name, subscriptions in
                processCount(of: name) == Set(subscriptions.map(\.process)).count
            }
    }

    fileprivate var hasShutdown: Bool { updates.entries.contains { $0.request.isShutdown } }
}
