// SPDX-License-Identifier: Apache-2.0

/// One thing of a negotiation that is written down, so that it outlives its broker. A later record
/// of the same thing takes the place of an earlier one; nil strikes it out, an update's with those
/// of its participants.
package enum Record: Hashable, Sendable {
    case update(DeploymentID, Update.Record?)
    case participant(DeploymentID, ComponentName, Participant.Record?)
    case ended(DeploymentID, Ended?)
    /// All that the component is owed; nothing strikes it out.
    case owed(ComponentName, [OwedPost])
}

/// Takes what is to be written down. Participants are many, and come apart from the rest.
package protocol Recorder {
    mutating func take(_ record: Record)
    mutating func take(
        _ participant: Participant.Record,
        named name: ComponentName,
        of id: DeploymentID
    )
    /// The component takes part no longer.
    mutating func strike(_ name: ComponentName, of id: DeploymentID)
}

extension Update {
    /// An update without its participants and its connections.
    package struct Record: Hashable, Sendable {
        package enum Phase: Hashable, Sendable {
            case gathering
            case finalAsking
            case released(Basis, waited: Duration, at: Instant)
            /// Its posts are on their way. Whoever was told of it is owed them if they are lost.
            case ended(Ended)
        }

        package var request: UpdateRequest
        package var announced: Instant
        package var deadline: Instant
        package var deadlineLastCall: Instant?
        package var phase: Phase
        package var ownProcesses: [Int32] = []
        package var forced: Force?

        package init(
            _ request: UpdateRequest,
            announced: Instant,
            deadline: Instant,
            phase: Phase = .gathering
        ) {
            self.request = request
            self.announced = announced
            self.deadline = deadline
            self.phase = phase
        }

        /// How it ended, if all that is left of it is its posts.
        package var end: Ended? {
            if case .ended(let end) = phase { end } else { nil }
        }
    }

    /// What is written down of it; `end` is how it ended, if it has.
    func record(_ end: Ended?) -> Record {
        let phase: Record.Phase
        switch self.phase {
        case .gathering: phase = .gathering
        case .finalAsking: phase = .finalAsking
        case .released(let release):
            phase = .released(release.basis, waited: release.waited, at: release.at)
        case .ended:
            guard let end else { preconditionFailure("what has ended is kept with its end") }
            phase = .ended(end)
        }
        var record = Record(request, announced: announced, deadline: deadline, phase: phase)
        record.deadlineLastCall = deadlineLastCall
        record.ownProcesses = ownProcesses.sorted()
        record.forced = forced
        return record
    }

    init(_ record: Record, _ participants: [ComponentName: Participant]) {
        request = record.request
        announced = record.announced
        deadline = record.deadline
        deadlineLastCall = record.deadlineLastCall
        coordinators = []
        ownProcesses = Set(record.ownProcesses)
        forced = record.forced
        for name in participants.keys.sorted() { self.participants[name] = participants[name] }
        switch record.phase {
        case .gathering: phase = .gathering
        case .finalAsking: phase = .finalAsking
        case .released(let basis, let waited, let instant):
            phase = .released(release(on: basis, waited: waited, at: instant))
        case .ended(let end): phase = .ended(end.ending)
        }
        derived.recount(self.participants, deadline: deadline)
    }
}

extension Participant {
    /// A participant without its connections.
    package struct Record: Hashable, Sendable {
        package var state: State
        package var since: Instant
        package var until: Instant?
        package var round: Int64 = 0
        package var answerBy: Instant
        package var isFinal = false
        package var isAnswered = false
        package var isTold = false
        package var isConfirm = false
        package var isExcused = false
        package var acknowledgedAt: Instant?
        package var hasFinalWord = false
        /// When the last deferral that it was granted ends.
        package var wordEnd: Instant?
        package var message: String?
        package var deferrals = 0
        package var budget: Duration = .zero
        package var blockedBefore: Duration = .zero
        package var blockedFrom: Instant?
        package var lastCallLead: Duration = .zero
        package var hadLastCall = false
        package var lastDeferral: LastDeferral?

        package init(_ state: State, since: Instant, answerBy: Instant) {
            self.state = state
            self.since = since
            self.answerBy = answerBy
        }
    }

    var record: Record {
        var record = Record(state, since: since, answerBy: question.answerBy)
        record.until = until
        record.round = question.round
        record.isFinal = question.isFinal
        record.isAnswered = question.isAnswered
        record.isTold = isTold
        record.isConfirm = isConfirm
        record.isExcused = isExcused
        record.acknowledgedAt = acknowledgedAt
        record.hasFinalWord = hasFinalWord
        record.wordEnd = lastWordEnd
        record.message = message
        record.deferrals = deferrals
        record.budget = budget
        record.blockedBefore = blockedBefore
        record.blockedFrom = blockedFrom
        record.lastCallLead = lastCallLead
        record.hadLastCall = hadLastCall
        record.lastDeferral = lastDeferral
        return record
    }

    init(_ record: Record) {
        state = record.state
        since = record.since
        until = record.until
        question = Question(
            round: record.round,
            answerBy: record.answerBy,
            isFinal: record.isFinal,
            isAnswered: record.isAnswered
        )
        // The connections are lost, and `restarted` follows. It asks who acts on a final notice.
        let lost = StreamID(PeerID(0), 0)
        seats = record.isConfirm ? [Seat(stream: lost, confirm: true, process: 0)] : []
        isTold = record.isTold
        isExcused = record.isExcused
        acknowledgedAt = record.acknowledgedAt
        hasFinalWord = record.hasFinalWord
        orphanedWord = record.wordEnd
        message = record.message
        deferrals = record.deferrals
        budget = record.budget
        blockedBefore = record.blockedBefore
        blockedFrom = record.blockedFrom
        lastCallLead = record.lastCallLead
        hadLastCall = record.hadLastCall
        lastDeferral = record.lastDeferral
    }
}
