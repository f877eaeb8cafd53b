// SPDX-License-Identifier: Apache-2.0

/// One update from its announcement to its end.
///
///     gathering ─none blocks─► askingVetoes ─► finalAsking ─none blocks─► released ──► ended
///         ▲                          │              │                     (completed, unknown)
///         └────── any deferral ──────┴──────────────┘ (not from the last one)
///
/// While it waits it also ends refused or cancelled, or is released by its
/// deadline or by force.
package struct Update: Hashable, Sendable {
    package var request: UpdateRequest {
        didSet { requested = RequestedNames(request) }
    }
    /// The names in `request`.
    private(set) var requested: RequestedNames
    package var announced: Instant
    package var deadline: Instant
    /// When everyone gets the deadline's last call; nil once they have.
    package var deadlineLastCall: Instant?
    package var phase: Phase = .gathering
    /// The operator who lets it go ahead regardless.
    package var forced: Force?
    /// How many final askings a deferral broke, so that components were sent back to work.
    package var brokenFinalAskings = 0
    /// The component that blocked at the deadline, with no coordinator attached: the update is
    /// refused when one is back.
    package var blockedAtDeadline: ComponentName?
    package private(set) var participants = SortedMap<Participant>()
    private(set) var summary = ParticipantSummary()

    /// In the order in which they attached. Once the gate is open, only the one that makes the
    /// update, while it is connected.
    package var coordinators: [Coordinator] = []
    /// The processes of those that left last, or that were lost with the broker, until another one
    /// attaches.
    package var formerProcesses: Set<Int32> = []
    /// When it is cancelled, or over once its gate is open, unless a coordinator attaches; nil
    /// while one is attached, and where the update does not end with its coordinator.
    var unattendedUntil: Instant?
    /// Once its gate is open: until when the coordinator that makes it may return to a broker that
    /// died, and no other one makes it.
    var makerReturnsUntil: Instant?
    /// The updates that keep its gate shut now.
    var holders = Claims()
    /// The subscriptions asked in the running final asking.
    var askedFinally: Set<StreamID> = []

    /// An update to be filled from what was written down of it.
    package init(_ request: UpdateRequest, announced: Instant, deadline: Instant) {
        self.request = request
        requested = RequestedNames(request)
        self.announced = announced
        self.deadline = deadline
    }

    init(_ request: UpdateRequest, coordinator: StreamID, process: Int32, at now: Instant) {
        self.init(request, announced: now, deadline: now + request.policy.deadline)
        deadlineLastCall = deadline - request.policy.deadlineLastCallLead
        coordinators = [Coordinator(stream: coordinator, process: process)]
    }

    package var id: DeploymentID { request.deploymentID }

    var policy: Policy { request.policy }

    /// The fields that are written down and can change, without the participants.
    var written: Written {
        Written(
            phase: phase,
            deadline: deadline,
            deadlineLastCall: deadlineLastCall,
            coordinators: coordinators,
            formerProcesses: formerProcesses,
            forced: forced,
            brokenFinalAskings: brokenFinalAskings,
            blockedAtDeadline: blockedAtDeadline
        )
    }

    struct Written: Equatable {
        var phase: Phase
        var deadline: Instant
        var deadlineLastCall: Instant?
        var coordinators: [Coordinator]
        var formerProcesses: Set<Int32>
        var forced: Force?
        var brokenFinalAskings: Int
        var blockedAtDeadline: ComponentName?
    }

    /// The components that block, sorted.
    package var blockers: [ComponentName] {
        isWaiting ? names { $0.blocks } : []
    }

    /// The participants for which `isDue` holds, sorted.
    func names(where isDue: (Participant) -> Bool) -> [ComponentName] {
        var due: [ComponentName] = []
        let entries = participants.entries.span
        for place in entries.indices where isDue(entries[place]) {
            due.append(participants.names[place])
        }
        return due
    }

    /// The participants whose state is one for which `isDue` holds, sorted. Only the states are
    /// read: to copy each participant would cost more than the walk.
    func components(inState isDue: (Participant.State) -> Bool) -> [ComponentName] {
        var due: [ComponentName] = []
        let entries = participants.entries.span
        for place in entries.indices where isDue(entries[place].state) {
            due.append(participants.names[place])
        }
        return due
    }

    /// The next instant at which something happens to this update by itself. Mutating, so that the
    /// update is read where it stands: it is large to copy.
    mutating func nextDeadline(_ settings: Settings) -> Instant? {
        switch phase {
        case .gathering, .askingVetoes, .finalAsking:
            let next = earliest(deadlineLastCall, summary.earliestDeadline)
            // With no coordinator the deadline opens no gate, but it cuts every blocker.
            let isCut = unattendedUntil != nil && summary.blockers == 0
            let end = isCut ? unattendedUntil : earliest(unattendedUntil, deadline)
            return earliest(end, next)
        case .released(let opening):
            return earliest(unattendedUntil, opening.at + settings.completionLimit)
        case .ended: return nil
        }
    }
}

// MARK: - Changing participants

// Nothing else changes them, so that each change is noted and the summary stays true.
extension Update {
    /// Changes a participant.
    mutating func with<Result>(
        _ name: ComponentName,
        _ handling: inout Handling,
        _ change: (inout Participant) -> Result
    ) -> Result {
        guard let place = participants.place(of: name) else {
            preconditionFailure("only participants are changed")
        }
        return with(name, at: place, &handling, change)
    }

    /// The same where the name has been looked up.
    mutating func with<Result>(
        _ name: ComponentName,
        at place: Int,
        _ handling: inout Handling,
        _ change: (inout Participant) -> Result
    ) -> Result {
        let before = participants[at: place].shown(before: deadline)
        summary.remove(participants[at: place].contribution(before: deadline))
        let result = change(&participants[at: place])
        summary.add(participants[at: place].contribution(before: deadline))
        handling.note(.participant(id, name))
        if participants[at: place].shown(before: deadline) != before { handling.show(id) }
        return result
    }

    /// Returns its place.
    @discardableResult
    mutating func add(
        _ name: ComponentName,
        _ participant: consuming Participant,
        _ handling: inout Handling
    ) -> Int {
        let place = participants.set(name, participant)
        summary.add(participants[at: place].contribution(before: deadline))
        handling.note(.participant(id, name))
        handling.show(id)
        return place
    }

    mutating func remove(_ name: ComponentName, _ handling: inout Handling) -> Participant? {
        guard var participant = participants[name] else { return nil }
        participants[name] = nil
        summary.remove(participant.contribution(before: deadline))
        handling.note(.participant(id, name))
        handling.show(id)
        return participant
    }

    /// Changes every participant. The caller shows the status.
    mutating func withAll(
        _ handling: inout Handling,
        _ change: (inout Participant, ComponentName) -> Void
    ) {
        for place in participants.places {
            change(&participants[at: place], participants.names[place])
            handling.note(.participant(id, participants.names[place]))
        }
        summary = ParticipantSummary(of: &participants, deadline: deadline)
    }

    /// Finds the earliest deadline again where its last holder has another now.
    mutating func refreshSummary() {
        guard summary.isStale else { return }
        summary = ParticipantSummary(of: &participants, deadline: deadline)
    }

    mutating func reserveParticipants(_ count: Int) {
        participants.reserveCapacity(count)
    }

    /// For `Negotiation.explorationKey`.
    mutating func forgetLastDeferrals() {
        for place in participants.places where participants.entries[place].lastDeferral != nil {
            participants[at: place].lastDeferral = nil
        }
    }

    // These three are mutating, so that a participant is read where it stands: it is large to copy.

    /// What a component was asked, and for how long it may still block.
    mutating func standing(
        at place: Int,
        _ now: Instant
    ) -> (question: Participant.Question, budgetLeft: Duration) {
        participants[at: place].standing(at: now)
    }

    /// Whether a component must be asked once more before the gate opens.
    mutating func owesFinalWord(at place: Int, since oldest: Instant) -> Bool {
        participants[at: place].owesFinalWord(since: oldest)
    }

    /// What a component may still block when its running deferral ends.
    mutating func remaining(at place: Int, _ now: Instant) -> Duration {
        let left = deadline - now
        return participants[at: place].remaining(deadlineIn: left, at: now)
    }

    /// The summary does not depend on subscriptions.
    mutating func reinstate(_ subscriptions: [Subscription], at place: Int) {
        participants[at: place].reinstate(subscriptions)
    }

    /// A participant that was written down.
    package mutating func restore(_ name: ComponentName, _ participant: Participant) {
        participants[name] = participant
    }
}
