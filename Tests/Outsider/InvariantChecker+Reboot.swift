// SPDX-License-Identifier: Apache-2.0

package import Negotiation

// A reboot: what was released still is, and what waited is forgotten.

/// Which posts may come once more, or not at all. That something was delivered is written to flash
/// late, and not by a broker that dies.
struct RepeatedPosts: Hashable, Sendable {
    typealias Posts = [ComponentName: Set<DeploymentID>]
    private var heard: Posts = [:]
    private var heardBeforeCrash: Posts = [:]
    private var mayRepeat: Posts = [:]

    /// Returns whether it may be a repetition.
    mutating func hear(_ id: DeploymentID, _ name: ComponentName) -> Bool {
        heard[name, default: []].insert(id)
        return mayRepeat[name]?.remove(id) != nil
    }

    mutating func crash() {
        heardBeforeCrash.merge(heard) { $0.union($1) }
        heard = [:]
    }

    mutating func reboot(_ owed: Posts) {
        mayRepeat.merge(owed) { $0.union($1) }
        mayRepeat.merge(heardBeforeCrash) { $0.union($1) }
        heard = [:]
    }

    /// The id is announced again, and nobody in this boot hears of its old end.
    mutating func forget(_ id: DeploymentID, _ owed: [ComponentName]) {
        let names = owed + mayRepeat.keys
        for name in names {
            heard[name, default: []].insert(id)
            mayRepeat[name]?.remove(id)
        }
    }
}

extension InvariantChecker {
    /// `over` are updates that the reboot has completed.
    package mutating func reboot(
        _ before: Negotiation,
        over: Set<DeploymentID>,
        at now: Instant
    ) {
        (subscriptions, last) = ([:], now)
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
        (history.coordinators, history.processes) = ([], [])
        (history.blockers, history.ready, history.posted) = ([], [], [])
        return history
    }
}

extension Oracle {
    package mutating func reboot(over: Set<DeploymentID>, at now: Instant) {
        (subscriptions, last) = ([:], now)
        gates = gates.filter { !$0.value.isShut && !over.contains($0.key) }
        for id in gates.keys { gates[id]?.openUntil = now + settings.completionLimit }
    }
}
