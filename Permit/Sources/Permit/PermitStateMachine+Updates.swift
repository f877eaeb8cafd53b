// SPDX-License-Identifier: Apache-2.0

internal import Reprieve

/// What the broker says: questions, ends, and which updates it knows.
extension PermitStateMachine {
    /// How long after a subscription the broker may take to speak of an update that waits, or that
    /// has ended. It does both at once, but for an update that was deferred: of that one it speaks
    /// when the deferral ends. The record says only that a slot was once claimed for it.
    private var forgetting: Duration { .seconds(60) + longestPause }

    mutating func subscribed(_ underway: [String]) {
        if isLost { found(underway) }
        ofEarlierBoot.subtract(underway)
        for update in agreed.union(asks.values) {
            forgottenAt[update] = underway.contains(update) ? nil : now + forgetting
        }
    }

    /// Without a record, the broker's own says whether the device is in the middle of an update.
    private mutating func found(_ underway: [String]) {
        isLost = false
        agreed.formUnion(underway)
        if agreed.isEmpty { steady(after: "lost state") }
        act(.log(.warning, "no record of an earlier life: a slot counts as held"))
        write(claimed: true)
    }

    mutating func asked(_ ask: AskID, _ question: Question) {
        let update = question.update
        spoken(of: update)
        guard question.disruption >= policy.concerns else { return act(.answer(ask, .could)) }
        known.insert(update)
        if question.isForced, !agreed.contains(update) {
            act(.answer(ask, .defer(policy.retry, "no permit for an update that is forced")))
        } else if let deferral = deferrals[update], deferral.until > now {
            agreed.remove(update)
            act(.answer(ask, .defer(deferral.until - now, deferral.why)))
        } else if question.isFinal {
            asks[ask] = update
        } else {
            // It was not released: whoever else defers, the slot is not held for it.
            agreed.remove(update)
            act(.answer(ask, .could))
        }
    }

    mutating func postponed(_ update: String) {
        spoken(of: update)
        agreed.remove(update)
    }

    private mutating func spoken(of update: String) {
        ofEarlierBoot.remove(update)
        forgottenAt[update] = nil
    }

    mutating func ended(_ update: String, _ outcome: Outcome) {
        spoken(of: update)
        for (ask, asked) in asks where asked == update {
            asks[ask] = nil
            act(.answer(ask, .defer(policy.retry, "the update is over")))
        }
        deferrals[update] = nil
        let wasKnown = known.remove(update) != nil
        if known.isEmpty { absence = nil }
        let wasAgreed = agreed.remove(update) != nil
        defer { if written.updates.contains(update) { write(claimed: true) } }
        guard outcome != .cancelled, outcome != .postponed else { return }
        if wasAgreed {
            over(update, outcome)
        } else if wasKnown {
            wentWithout(update, "it was forced, or the broker could not wait")
        }
    }

    /// An update for which the slot is held was made, well or badly.
    private mutating func over(_ update: String, _ outcome: Outcome) {
        if outcome == .applied || policy.afterFailure == .giveBack {
            steady(after: update)
        } else {
            (steadying, steadyAt) = (nil, nil)
            kept = "\(update) ended as \(outcome.rawValue)"
            act(.log(.warning, "the slot is kept: \(update) ended as \(outcome.rawValue)"))
        }
        write(claimed: true)
    }

    private mutating func steady(after update: String) {
        (steadying, steadyAt, kept) = (update, now + policy.steadyAfter, nil)
    }

    /// The latest ones are remembered for the operator.
    mutating func wentWithout(_ update: String, _ why: String) {
        guard withoutPermit.last != update else { return }
        withoutPermit = (withoutPermit + [update]).suffix(16)
        act(.log(.warning, "the update \(update) goes ahead without a slot: \(why)"))
        write(claimed: slot != .free)
    }

    /// The broker knows an agreed update no more. In a later boot it was never released, or it is
    /// over; either way what counts now is whether the device is steady. In the same boot its end
    /// was told and lost, and may have been a bad one.
    private mutating func forgotten(_ update: String) {
        forgottenAt[update] = nil
        guard agreed.contains(update) else { return }
        if ofEarlierBoot.contains(update) {
            spoken(of: update)
            agreed.remove(update)
            // It is no better update that would make up for a bad one.
            if kept == nil { steady(after: update) }
            act(.log(.warning, "the broker does not know \(update) since the reboot"))
            write(claimed: true)
        } else {
            ended(update, .unknown)
        }
    }

    mutating func checked(_ complaint: String?) {
        isChecking = false
        // Where a moment is set, that was the check for an earlier update.
        guard let steadying, steadyAt == nil else { return }
        if let complaint {
            act(.log(.warning, "not steady after \(steadying): \(complaint)"))
            steadyAt = now + pause()
        } else {
            self.steadying = nil
        }
    }

    mutating func released() {
        // The record is not to list them any more.
        known.subtract(agreed)
        (agreed, ofEarlierBoot, forgottenAt) = ([], [], [:])
        (steadying, steadyAt, kept, isLost) = (nil, nil, nil, false)
        if slot == .free { slot = .claimed }
        giveBackAt = now
        act(.log(.notice, "the operator gives the slot back"))
        write(claimed: true)
    }

    mutating func timePassed() {
        for (update, moment) in forgottenAt where moment <= now { forgotten(update) }
        guard let steadyAt, steadyAt <= now, !isChecking else { return }
        self.steadyAt = nil
        guard policy.hasHealthCommand else { return checked(nil) }
        isChecking = true
        act(.checkHealth)
    }

    /// Nil if nothing is due.
    public var nextDeadline: Moment? {
        var deadlines = Array(forgottenAt.values)
        if let steadyAt, !isChecking { deadlines.append(steadyAt) }
        if request == nil, !isWanted, slot != .free { deadlines.append(giveBackAt) }
        return deadlines.min()
    }

    /// Until the next attempt.
    mutating func pause(times factor: Int = 1) -> Duration {
        let most = Int64((longestPause - policy.retry) / .milliseconds(1))
        return (policy.retry + .milliseconds(Int64.random(in: 0...most, using: &dice))) * factor
    }

    private var longestPause: Duration { policy.retry * 3 / 2 }
}
