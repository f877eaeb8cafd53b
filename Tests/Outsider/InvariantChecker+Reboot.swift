// SPDX-License-Identifier: Apache-2.0

package import Negotiation

// A reboot: released updates stay released, and waiting ones are forgotten.

extension InvariantChecker {
    /// `over` are the updates that the reboot has completed.
    package mutating func reboot(
        _ before: Negotiation,
        over: Set<DeploymentID>,
        at now: Instant
    ) {
        (subscriptions, last) = ([:], now)
        returning = ReturningAccount()
        // Kept for the next boot, for as long as there is room.
        repeatedPosts?.reboot(owed.mapValues { Set($0.keys) })
        owed = [:]
        for (id, history) in histories {
            let isReleased = before.updates[id]?.opening != nil
            histories[id] = isReleased && !over.contains(id) ? history.rebooted : nil
            guard isReleased, over.contains(id) else { continue }
            for name in history.told {
                owed[name, default: [:]][id] = now + settings.completionLimit
            }
        }
    }
}

extension UpdateHistory {
    fileprivate var rebooted: UpdateHistory {
        var history = self
        (history.coordinators, history.former) = ([:], [])
        (history.maker, history.makerProcess) = (nil, 0)
        history.makerReturnsUntil = nil
        (history.blockers, history.ready, history.posted) = ([], [], [])
        return history
    }
}

extension Oracle {
    package mutating func reboot(over: Set<DeploymentID>, at now: Instant) {
        (subscriptions, last) = ([:], now)
        returning = ReturningAccount()
        gates = gates.filter { !$0.value.isShut && !over.contains($0.key) }
        for id in gates.keys {
            gates[id]?.openUntil = now + settings.completionLimit
            // The instants of another boot mean nothing.
            gates[id]?.deadline = now
            gates[id]?.hearHolder(.restarted, [], settings, at: now)
        }
    }
}
