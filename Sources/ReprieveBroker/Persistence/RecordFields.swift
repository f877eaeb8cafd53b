// SPDX-License-Identifier: Apache-2.0

internal import Negotiation

// The fields of each record, in their order, for writing and for reading. A field that is added
// goes to the end, with a new format.

private let states: [ParticipantState] = [
    .absent, .asked, .acknowledged, .deferred, .silent, .away, .gone, .overridden,
]
private let bases: [Basis] = [.consent, .silence, .capped, .deadline, .forced, .skipped]
private let outcomes: [Outcome] = [.applied, .failed, .rolledBack, .cancelled, .unknown]

extension RecordCoder {
    /// An update without its participants.
    mutating func code(_ update: inout Update) throws(RecordError) {
        try code(&update.request)
        try code(&update.announced)
        try code(&update.deadline)
        try code(&update.deadlineLastCall)
        try code(&update.phase, of: update.id)
        var processes = update.ownProcesses.sorted()
        try code(&processes, 0) { (coder, process) throws(RecordError) in
            try coder.code(&process)
        }
        update.ownProcesses = Set(processes)
        try code(&update.forced, Force(by: "", reason: "")) { (coder, force) throws(RecordError) in
            try coder.code(&force.by)
            try coder.code(&force.reason)
        }
    }

    private mutating func code(
        _ phase: inout Update.Phase,
        of id: DeploymentID
    ) throws(RecordError) {
        var number = phase.number
        try code(&number)
        switch number {
        case 0: phase = .gathering
        case 1: phase = .finalAsking
        case 2:
            var opening =
                phase.opening ?? Update.Opening(basis: .consent, waited: .zero, at: .boot)
            try code(&opening.basis, in: bases)
            try code(&opening.waited)
            try code(&opening.at)
            phase = .released(opening)
        case 3:
            var end = phase.end ?? Ended(.unknown, at: .boot)
            try code(&end, of: id)
            phase = .ended(end)
        default: throw RecordError()
        }
    }

    private mutating func code(_ request: inout UpdateRequest) throws(RecordError) {
        try code(&request.deploymentID)
        try code(&request.reason)
        try code(&request.restartsNucleus)
        try code(&request.components, []) { (coder, names) throws(RecordError) in
            try coder.code(&names)
        }
        try code(&request.policy)
        try code(&request.asSent)
    }

    private mutating func code(_ policy: inout Policy) throws(RecordError) {
        var skips = policy.notification == .skip
        try code(&skips)
        policy.notification = skips ? .skip : .notify
        try code(&policy.responseTimeout)
        try code(&policy.deadline)
        try code(&policy.maxDefer)
        try code(&policy.maxTotalDefer)
        var refuses = policy.onSilence == .refuse
        try code(&refuses)
        policy.onSilence = refuses ? .refuse : .proceed
        try code(&policy.require)
    }

    /// A participant without its connections: whether it acts on a final notice, and when its last
    /// deferral ends, is all that is written of them.
    mutating func code(_ participant: inout Participant) throws(RecordError) {
        try code(&participant.state, in: states)
        try code(&participant.since)
        try code(&participant.until)
        try code(&participant.question.round)
        try code(&participant.question.answerBy)
        try code(&participant.question.isFinal)
        try code(&participant.question.isAnswered)
        try code(&participant.isTold)
        var isConfirm = participant.isConfirm
        try code(&isConfirm)
        try code(&participant.isExcused)
        try code(&participant.acknowledgedAt)
        try code(&participant.hasFinalWord)
        var deferralEnd = participant.lastDeferralEnd
        try code(&deferralEnd)
        participant.restore(isConfirm: isConfirm, deferralEnd: deferralEnd)
        try code(&participant.message)
        try code(&participant.deferrals)
        try code(&participant.budget)
        try code(&participant.blockedBefore)
        try code(&participant.blockedFrom)
        try code(&participant.lastCallLead)
        try code(&participant.hadLastCall)
        let blank = LastDeferral(granted: .zero, message: nil)
        try code(&participant.lastDeferral, blank) { (coder, deferral) throws(RecordError) in
            try coder.code(&deferral.granted)
            try coder.code(&deferral.message)
        }
        // It is counted on from there.
        guard 0...Int64(Int32.max) ~= participant.question.round else { throw RecordError() }
    }

    mutating func code(_ ended: inout Ended, of id: DeploymentID) throws(RecordError) {
        try code(&ended.at)
        var number = ended.ending.number
        try code(&number)
        switch number {
        case 0:
            var (outcome, message) = ended.ending.completion ?? (.unknown, nil)
            try code(&outcome, in: outcomes)
            try code(&message)
            ended.ending = .completed(outcome, message: message)
        case 1: ended.ending = .cancelled(try coded(ended.ending.withdrawal, of: id))
        case 2: ended.ending = .refused(try coded(ended.ending.withdrawal, of: id))
        case 3: ended.ending = .unknown
        default: throw RecordError()
        }
    }

    private mutating func coded(
        _ withdrawal: Withdrawal?,
        of id: DeploymentID
    ) throws(RecordError) -> Withdrawal {
        var coded = withdrawal ?? Withdrawal(deploymentID: id, by: "", reason: "")
        try code(&coded.by)
        try code(&coded.reason)
        return coded
    }

    mutating func code(_ posts: inout [OwedPost]) throws(RecordError) {
        let blank = Post(deploymentID: "", outcome: .unknown, message: nil)
        try code(&posts, OwedPost(blank, until: .boot)) { (coder, owed) throws(RecordError) in
            try coder.code(&owed.post.deploymentID)
            try coder.code(&owed.post.outcome, in: outcomes)
            try coder.code(&owed.post.message)
            try coder.code(&owed.until)
        }
    }
}

extension Update.Phase {
    fileprivate var number: Int {
        switch self {
        case .gathering: 0
        case .finalAsking: 1
        case .released: 2
        case .ended: 3
        }
    }

    fileprivate var opening: Update.Opening? {
        if case .released(let opening) = self { opening } else { nil }
    }

    fileprivate var end: Ended? {
        if case .ended(let end) = self { end } else { nil }
    }
}

extension Update.Ending {
    fileprivate var number: Int {
        switch self {
        case .completed: 0
        case .cancelled: 1
        case .refused: 2
        case .unknown: 3
        }
    }

    fileprivate var completion: (Outcome, String?)? {
        if case .completed(let outcome, let message) = self { (outcome, message) } else { nil }
    }

    fileprivate var withdrawal: Withdrawal? {
        switch self {
        case .cancelled(let withdrawal), .refused(let withdrawal): withdrawal
        case .completed, .unknown: nil
        }
    }
}
