// SPDX-License-Identifier: Apache-2.0

internal import Reprieve

/// Decides when a device asks for one of the fleet's slots, what it answers the broker, and when it
/// gives the slot back, as a value: events go in with the moment at which they happened, actions
/// come out, and `nextDeadline` says when `timePassed` is due.
///
///     idle ──final notice──► claiming ──done──► agreed ──applied──► steadying
///      ▲                        │ full, absent    │ postponed,  │         │ healthy
///      │                        ▼                 │ cancelled   │ failed  │
///      └───── giving back ◄── deferred            │             ▼         │
///                   ▲──────────────────────────────┘           kept       │
///                   └─────────────────────────────────────────────────────┘
///
/// The slot is wanted in the states to the right of `idle`; wherever it is not wanted and the
/// server may count this device as a holder, it is given back, again and again until that has
/// succeeded. No slot expires.
public struct PermitStateMachine: Hashable, Sendable {
    /// What the server thinks, as far as is known here.
    enum Slot: Hashable, Sendable {
        case free
        /// It was asked for, and the reply was lost or is not there yet: it counts as held.
        case claimed
        case held
    }

    enum Request: Hashable, Sendable {
        case claim(before: Slot)
        case giveBack
    }

    /// A time without a server: from the first request that reached none to the latest.
    struct Absence: Hashable, Sendable {
        var since: Moment
        var latest: Moment
    }

    /// A deferral of ours.
    struct Deferral: Hashable, Sendable {
        var until: Moment
        var why: String
    }

    let policy: PermitPolicy
    let boot: String
    var slot = Slot.free
    /// The request that is on its way.
    var request: Request?
    /// The final questions that wait for the server's reply, with their updates.
    var asks: [AskID: String] = [:]
    /// The updates that were agreed to and are not over.
    var agreed: Set<String> = []
    /// Those among them of an earlier boot, of which the broker has not spoken in this one.
    var ofEarlierBoot: Set<String> = []
    /// When those count as forgotten of which the broker has not spoken since it was subscribed to.
    var forgottenAt: [String: Moment] = [:]
    /// The updates that need a slot and are not over, as far as the broker has spoken of them.
    var known: Set<String> = []
    var deferrals: [String: Deferral] = [:]
    /// The update after which the device is not known to be steady yet. The latest update that is
    /// over decides: where this is set, `kept` is not.
    var steadying: String?
    /// When the device may be steady; nil while that is checked, and without `steadying`.
    var steadyAt: Moment?
    /// The health command runs, be it for `steadying` or for an update before that one.
    var isChecking = false
    var kept: String?
    /// There was no record: a slot may be held, and nobody knows what for.
    var isLost = false
    var absence: Absence?
    var giveBackAt = Moment.zero
    var giveBackFailures = 0
    var withoutPermit: [String] = []
    /// The latest trouble with the server that was logged.
    var complaint: String?
    /// What stands in the file.
    var written: Record
    var now: Moment
    var dice: Dice
    private var actions: [Action] = []

    /// - Parameters:
    ///   - record: what an earlier life has written; nil if that is lost, or there was none
    ///   - boot: names this boot of the device
    public init(
        _ policy: PermitPolicy,
        record: Record?,
        boot: String,
        seed: UInt64,
        at now: Moment
    ) {
        self.policy = policy
        self.now = now
        dice = Dice(seed: seed)
        written = record ?? Record(boot: boot)
        self.boot = boot
        guard let record else {
            (isLost, slot) = (true, .claimed)
            return
        }
        slot = record.isClaimed ? .claimed : .free
        agreed = Set(record.updates)
        if record.boot != boot { ofEarlierBoot = agreed }
        (kept, withoutPermit) = (record.kept, record.withoutPermit)
        // An earlier version wrote both, be it for a good update or a bad one.
        if kept == nil { steadying = record.steadying }
        if steadying != nil { steadyAt = now + policy.steadyAfter }
    }

    public mutating func handle(_ event: Event, at now: Moment) -> [Action] {
        self.now = max(now, self.now)
        switch event {
        case .subscribed(let underway): subscribed(underway)
        case .asked(let ask, let question): asked(ask, question)
        case .postponed(let update): postponed(update)
        case .ended(let update, let outcome): ended(update, outcome)
        case .replied(let reply): replied(reply)
        case .checked(let complaint): checked(complaint)
        case .released: released()
        case .timePassed: timePassed()
        }
        reconcile()
        defer { actions = [] }
        return actions
    }

    mutating func act(_ action: Action) {
        actions.append(action)
    }

    /// Whether there is a reason to hold a slot.
    var isWanted: Bool {
        !asks.isEmpty || !agreed.isEmpty || steadying != nil || kept != nil || isLost
    }

    /// Sends the request that is due, if none is on its way.
    private mutating func reconcile() {
        guard request == nil else { return }
        if !asks.isEmpty {
            claim()
        } else if !isWanted {
            if slot == .free { settle() } else if giveBackAt <= now { giveBack() }
        }
    }

    private mutating func claim() {
        write(claimed: true)
        request = .claim(before: slot)
        if slot == .free { slot = .claimed }
        act(.claim)
    }

    private mutating func giveBack() {
        request = .giveBack
        act(.giveBack)
    }

    /// While an update waits for a slot, the file goes on saying that one was claimed. Else each
    /// attempt would wear the flash twice.
    private mutating func settle() {
        if deferrals.isEmpty { write(claimed: false) }
    }

    /// Writes unless the file says all of it.
    mutating func write(claimed: Bool) {
        var record = Record(boot: boot)
        record.isClaimed = claimed
        record.updates = agreed.union(asks.values).sorted()
        (record.steadying, record.kept, record.withoutPermit) = (steadying, kept, withoutPermit)
        guard !isWritten(record) else { return }
        written = record
        act(.write(record))
    }

    /// A claimed record may list more updates, as long as these are not over.
    private func isWritten(_ record: Record) -> Bool {
        var other = written
        guard record.isClaimed else { return other == record }
        let listed = Set(other.updates)
        let open = known.union(agreed)
        guard listed.isSuperset(of: record.updates), listed.isSubset(of: open) else { return false }
        other.updates = record.updates
        return other == record
    }
}

/// SplitMix64.
package struct Dice: RandomNumberGenerator, Hashable, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
