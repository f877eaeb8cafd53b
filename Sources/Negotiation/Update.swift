// SPDX-License-Identifier: Apache-2.0

/// One update from its announcement to its end.
///
///     gathering ──nobody blocks──► finalAsking ──nobody blocks──► released ──► ended
///         ▲                             │                             (completed, unknown)
///         └──────── any deferral ───────┘
///
/// From `gathering` and `finalAsking` it also ends refused or cancelled, or is released by its
/// deadline or by force.
package struct Update: Hashable, Sendable {
    package enum Phase: Hashable, Sendable {
        case gathering
        case finalAsking
        case released(Release)
        case ended(Ending)
    }

    /// How an update ended.
    package enum Ending: Hashable, Sendable {
        case completed(Outcome, message: String?)
        case cancelled(Withdrawal)
        case refused(Withdrawal)
        /// Nobody completed it within the completion limit.
        case unknown
    }

    package let request: UpdateRequest
    package let announced: Instant
    package internal(set) var phase: Phase = .gathering
    package internal(set) var deadline: Instant
    package internal(set) var participants: [ComponentName: Participant] = [:]
    var roll = Roll()
    var derived = Derived()

    package internal(set) var coordinators: [StreamID]
    /// Processes of its coordinators: their subscriptions are not asked.
    var ownProcesses: Set<Int32>
    /// When it is cancelled unless a coordinator attaches; nil while one is.
    var unattendedUntil: Instant?
    /// Who lets it go ahead regardless, once somebody does.
    package internal(set) var forced: Force?

    /// When everyone gets the deadline's last call; nil once they have.
    var deadlineLastCall: Instant?
    /// The subscriptions asked in the running final asking.
    var askedFinally: Set<StreamID> = []

    init(_ request: UpdateRequest, coordinator: StreamID, process: Int32, at now: Instant) {
        self.request = request
        self.announced = now
        self.deadline = now + request.policy.deadline
        self.deadlineLastCall = deadline - request.policy.deadlineLastCallLead
        self.coordinators = [coordinator]
        self.ownProcesses = process == 0 ? [] : [process]
    }

    package var id: DeploymentID { request.deploymentID }

    var policy: Policy { request.policy }

    package var isWaiting: Bool {
        switch phase {
        case .gathering, .finalAsking: true
        case .released, .ended: false
        }
    }

    package var release: Release? {
        if case .released(let release) = phase { release } else { nil }
    }

    /// Who blocks, sorted.
    package var blockers: [ComponentName] {
        guard isWaiting else { return [] }
        return participants.filter { $0.value.blocks }.keys.sorted()
    }
}

// MARK: - Whom it concerns

extension Update {
    /// NAME concerns the component NAME and UNIT/NAME.
    static func matches(_ wanted: ComponentName, _ component: ComponentName) -> Bool {
        component == wanted || component.hasSuffix("/" + wanted)
    }

    func concerns(_ component: ComponentName) -> Bool {
        guard let wanted = request.components, !wanted.isEmpty else { return true }
        return (wanted + policy.require).contains { Self.matches($0, component) }
    }

    func concerns(_ subscription: Subscription) -> Bool {
        !ownProcesses.contains(subscription.process)
            && !request.excused.contains(subscription.stream)
            && concerns(subscription.component)
    }

    /// Names in `components` that no participant has, in the order given, each once. Where nobody
    /// is notified, nobody was looked for.
    var unmatched: [ComponentName] {
        guard policy.notification == .notify else { return [] }
        var seen: Set<ComponentName> = []
        return (request.components ?? []).filter { wanted in
            seen.insert(wanted).inserted
                && !participants.contains {
                    Self.matches(wanted, $0.key) && !$0.value.isPlaceholder
                }
        }
    }
}

// MARK: - Changing a participant

extension Update {
    /// The only way to change a participant: keeps the derived numbers true.
    mutating func with<Result>(
        _ name: ComponentName,
        _ turn: inout Turn,
        _ change: (inout Participant) -> Result
    ) -> Result {
        guard let index = participants.index(forKey: name) else {
            preconditionFailure("only participants are changed")
        }
        let before = participants.values[index].shown
        let result = derived.keepTrue(&participants.values[index], deadline: deadline, change)
        turn.changes.note(.participant(id, name))
        if participants.values[index].shown != before { turn.show(id) }
        return result
    }

    mutating func add(_ name: ComponentName, _ participant: Participant, _ turn: inout Turn) {
        participants[name] = participant
        roll.enter(name)
        derived.count(participant, deadline: deadline)
        turn.changes.note(.participant(id, name))
        turn.show(id)
    }

    mutating func remove(_ name: ComponentName) -> Participant? {
        guard let participant = participants.removeValue(forKey: name) else { return nil }
        roll.strike(name)
        derived.discount(participant, deadline: deadline)
        return participant
    }

    /// All participants, sorted.
    var names: [ComponentName] { roll.names }

    /// Changes participants and more at once, where whoever watches hears of it once.
    mutating func all(_ turn: inout Turn, _ change: (inout Update) -> Void) {
        let before = status(at: turn.now)
        change(&self)
        derived.recount(participants, deadline: deadline)
        if status(at: turn.now) != before { turn.changed(id) }
    }

    /// The participants for which `isDue` holds, sorted: what leaves the negotiation has an order.
    func names(where isDue: (Participant) -> Bool) -> [ComponentName] {
        var due: [ComponentName] = []
        for (name, participant) in participants where isDue(participant) { due.append(name) }
        return due.count == participants.count ? names : due.sorted()
    }
}

// MARK: - Deadlines

extension Update {
    /// The next instant at which something happens to this update by itself.
    mutating func nextDeadline(_ settings: Settings) -> Instant? {
        switch phase {
        case .gathering, .finalAsking:
            let own = [
                unattendedUntil ?? deadline, deadlineLastCall,
                derived.earliestDeadline(of: participants, deadline: deadline),
            ]
            return own.lazy.compactMap { $0 }.min()
        case .released(let release): return release.at + settings.completionLimit
        case .ended: return nil
        }
    }
}
