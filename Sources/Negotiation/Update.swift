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

    package internal(set) var request: UpdateRequest
    package let announced: Instant
    package internal(set) var phase: Phase = .gathering
    package internal(set) var deadline: Instant
    package internal(set) var participants = Roll<Participant>()
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
        isWaiting ? names { $0.blocks } : []
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
        guard policy.notification == .notify, let wanted = request.components else { return [] }
        let present = names { !$0.isPlaceholder }
        var seen: Set<ComponentName> = []
        return wanted.filter { name in
            seen.insert(name).inserted && !present.contains { Self.matches(name, $0) }
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
        guard let place = participants.place(of: name) else {
            preconditionFailure("only participants are changed")
        }
        return with(name, at: place, &turn, change)
    }

    /// The same where the name has been looked up.
    mutating func with<Result>(
        _ name: ComponentName,
        at place: Int,
        _ turn: inout Turn,
        _ change: (inout Participant) -> Result
    ) -> Result {
        let before = participants.entries[place].shown
        let result = derived.keepTrue(&participants[at: place], deadline: deadline, change)
        turn.changes.note(name, of: id)
        if participants.entries[place].shown != before { turn.show(id) }
        return result
    }

    mutating func add(_ name: ComponentName, _ participant: Participant, _ turn: inout Turn) {
        participants[name] = participant
        derived.count(participant, deadline: deadline)
        turn.changes.note(name, of: id)
        turn.show(id)
    }

    mutating func remove(_ name: ComponentName) -> Participant? {
        guard let participant = participants[name] else { return nil }
        participants[name] = nil
        derived.discount(participant, deadline: deadline)
        return participant
    }

    /// Changes participants and more at once, where whoever watches hears of it once.
    mutating func all(_ turn: inout Turn, _ change: (inout Update) -> Void) {
        let before = status(at: turn.now)
        change(&self)
        derived.recount(participants, deadline: deadline)
        if status(at: turn.now) != before { turn.changed(id) }
    }

    /// The participants for which `isDue` holds, sorted.
    func names(where isDue: (Participant) -> Bool) -> [ComponentName] {
        var due: [ComponentName] = []
        for place in participants.places where isDue(participants.entries[place]) {
            due.append(participants.names[place])
        }
        return due
    }
}

// MARK: - Deadlines

extension Update {
    /// The next instant at which something happens to this update by itself.
    mutating func nextDeadline(_ settings: Settings) -> Instant? {
        switch phase {
        case .gathering, .finalAsking:
            let next = derived.earliestDeadline(of: participants, deadline: deadline)
            return earliest(earliest(unattendedUntil ?? deadline, deadlineLastCall), next)
        case .released(let release): return release.at + settings.completionLimit
        case .ended: return nil
        }
    }
}
