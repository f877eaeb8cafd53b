// SPDX-License-Identifier: Apache-2.0

/// What the server replies.
extension PermitStateMachine {
    mutating func replied(_ reply: Reply) {
        guard let request else { return }
        self.request = nil
        if case .absent = reply {} else { absence = nil }
        switch request {
        case .claim(let before): claimed(reply, before: before)
        case .giveBack: gaveBack(reply)
        }
    }

    private mutating func claimed(_ reply: Reply, before: Slot) {
        giveBackAt = now
        switch reply {
        case .done:
            (slot, complaint) = (.held, nil)
            agree()
        case .full(let holder, let isCertain):
            // An earlier claim may still be on its way.
            if isCertain { slot = before }
            complain(.notice, holder)
            put(off: "no slot is free: \(holder)")
        case .refused(let reason):
            complain(.warning, reason)
            put(off: "the permit server refuses: \(reason)")
        case .absent(let reason):
            complain(.warning, reason)
            claimedFromNobody(reason)
        }
    }

    /// Once, until that changes.
    private mutating func complain(_ severity: Severity, _ reason: String) {
        guard complaint != reason else { return }
        complaint = reason
        act(.log(severity, "no slot: \(reason)"))
    }

    private mutating func agree() {
        let updates = asks
        agreed.formUnion(updates.values)
        write(claimed: true)
        asks = [:]
        for (ask, update) in updates.sorted(by: { $0.key.number < $1.key.number }) {
            deferrals[update] = nil
            act(.answer(ask, .ready))
        }
    }

    private mutating func put(off why: String) {
        let updates = asks
        asks = [:]
        for (ask, update) in updates.sorted(by: { $0.key.number < $1.key.number }) {
            let time = pause()
            deferrals[update] = Deferral(until: now + time, why: why)
            agreed.remove(update)
            act(.answer(ask, .defer(time, why)))
        }
    }

    private mutating func claimedFromNobody(_ reason: String) {
        guard !asks.isEmpty else { return }
        let gap = policy.retry * 10
        if let absence, now - absence.latest <= gap {
            self.absence = Absence(since: absence.since, latest: now)
        } else {
            absence = Absence(since: now, latest: now)
        }
        let length = absence.map { now - $0.since } ?? .zero
        guard let limit = policy.proceedAfter else {
            return put(off: "no permit server for \(shown(length)): \(reason)")
        }
        guard length >= limit else {
            let rest = "without a slot in \(shown(limit - length))"
            return put(off: "no permit server for \(shown(length)), \(rest): \(reason)")
        }
        for update in Set(asks.values).sorted() {
            wentWithout(update, "no server was reached for \(shown(length))")
        }
        agree()
    }

    private mutating func gaveBack(_ reply: Reply) {
        switch reply {
        case .done:
            (slot, giveBackFailures) = (.free, 0)
        case .full(let reason, _), .absent(let reason), .refused(let reason):
            let text = "the slot is not given back: \(reason)"
            if giveBackFailures == 0 { act(.log(.warning, text)) }
            giveBackFailures += 1
            giveBackAt = now + pause(times: 1 << min(giveBackFailures - 1, 4))
        }
    }
}

/// In the largest unit that says enough.
func shown(_ time: Duration) -> String {
    let seconds = time.components.seconds
    switch seconds {
    case ..<120: return "\(seconds) s"
    case ..<7_200: return "\(seconds / 60) min"
    default: return "\(seconds / 3_600) h"
    }
}
