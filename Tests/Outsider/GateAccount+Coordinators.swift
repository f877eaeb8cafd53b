// SPDX-License-Identifier: Apache-2.0

import Negotiation

// Coordinators that attach and leave: while they are there, their own processes are not asked.

extension GateAccount {
    /// A coordinator attaches: subscriptions of its process are not asked any more.
    mutating func attend(
        _ coordinator: StreamID,
        _ process: Int32,
        _ subscriptions: [Subscription],
        at now: Instant
    ) {
        canBeLate = coordinators.isEmpty
        coordinators[coordinator] = process
        unattendedUntil = nil
        let before = former
        former = []
        for (name, account) in accounts where account.subscriptions.values.contains(where: isOwn) {
            let others = account.subscriptions.filter { !isOwn($0.value) }
            accounts[name]?.subscriptions = others
            accounts[name]?.part(from: account.processes)
            accounts[name]?.excuse(isThere: false, at: now)
        }
        readmit(before, subscriptions, at: now)
    }

    /// Who coordinated it and does no more is a component like any other.
    mutating func readmit(
        _ processes: Set<Int32>,
        _ subscriptions: [Subscription],
        at now: Instant
    ) {
        let freed = processes.subtracting([0])
        for one in subscriptions where freed.contains(one.process) && !isOwn(one) {
            arrive(one, at: now)
            readmitted.insert(one.component)
        }
    }

    mutating func abandon(
        _ subscriptions: [Subscription],
        until graceEnd: Instant,
        at now: Instant,
        _ isGone: (StreamID) -> Bool
    ) {
        let left = coordinators.filter { isGone($0.key) }
        guard !left.isEmpty else { return }
        coordinators = coordinators.filter { !isGone($0.key) }
        guard coordinators.isEmpty else { return readmit(Set(left.values), subscriptions, at: now) }
        (unattendedUntil, former) = (graceEnd, Set(left.values))
    }
}
