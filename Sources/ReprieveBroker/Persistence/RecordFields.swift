// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol

// The fields of each record, in their order. A field that is added goes to the end, with a new
// format.

private let states: [ParticipantState] = [
    .absent, .asked, .acknowledged, .deferred, .silent, .away, .gone, .overridden,
]
private let bases: [Basis] = [.consent, .silence, .capped, .deadline, .forced, .skipped]
private let outcomes: [Outcome] = [.applied, .failed, .rolledBack, .cancelled, .unknown]

/// An update without its participants.
extension Update: Recordable {
    static var blank: Update {
        Update(UpdateRequest(deploymentID: ""), announced: .boot, deadline: .boot)
    }

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        // On its own: the names in it are gathered anew with each change.
        var request = request
        try request.code(&coder)
        try coder.code(&announced)
        try coder.code(&deadline)
        try coder.code(&deadlineLastCall)
        try phase.code(&coder)
        // Until format 5 the processes of all coordinators, past and present.
        var processes = formerProcesses.sorted()
        try coder.code(&processes)
        if coder.isReading { formerProcesses = Set(processes) }
        try coder.code(&forced)
        // Since format 4.
        if coder.format >= 4 {
            try coder.code(&brokenFinalAskings)
            try coder.code(&blockedAtDeadline)
            try coder.code(&request.isExclusive)
            try coder.code(&request.completesLater)
            try coder.code(&request.isShutdown)
            var refusesDeadline = request.policy.onDeadline == .refuse
            try coder.code(&refusesDeadline)
            if coder.isReading {
                request.policy.onDeadline = refusesDeadline ? .refuse : .proceed
            }
        }
        if coder.isReading { self.request = request }
        // Since format 5. Those stay whose connections are taken back.
        if coder.format >= 5 { try coder.code(&coordinators) }
    }
}

extension Update.Coordinator: Recordable {
    static var blank: Self { Self(stream: .blank, process: 0) }

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try stream.code(&coder)
        // Since format 6.
        if coder.format >= 6 { try coder.code(&process) }
    }
}

extension Update.Phase {
    fileprivate mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        var (number, end) = (0, Ended.blank)
        var opening = Update.Opening(basis: .consent, waited: .zero, at: .boot)
        switch self {
        case .gathering: number = 0
        case .finalAsking: number = 1
        case .askingVetoes: number = 4
        case .released(let released): (number, opening) = (2, released)
        case .ended(let ended): (number, end) = (3, ended)
        }
        try coder.code(&number)
        if number == 2 {
            try coder.code(&opening.basis, in: bases)
            try coder.code(&opening.waited)
            try coder.code(&opening.at)
        } else if number == 3 {
            try end.code(&coder)
        }
        guard coder.isReading else { return }
        switch number {
        case 0: self = .gathering
        case 1: self = .finalAsking
        case 2: self = .released(opening)
        case 3: self = .ended(end)
        case 4: self = .askingVetoes
        default: throw RecordError()
        }
    }
}

extension UpdateRequest {
    fileprivate mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try coder.code(&deploymentID)
        try coder.code(&reason)
        try code(disruption: &coder)
        var hasComponents = components != nil
        try coder.code(&hasComponents)
        if hasComponents {
            var names = components ?? []
            try coder.code(&names)
            if coder.isReading { components = names }
        }
        try policy.code(&coder)
        try coder.code(&asSent)
        // Until format 4 the request alone said that the update reboots.
        guard coder.format < 4 else { return }
        if let request = try? GateRequest(decoding: asSent, limits: .fromBroker) {
            disruption = request.disruption
        }
        isShutdown = Shutdown.Kind(asSent: asSent) != nil
    }

    private mutating func code(disruption coder: inout some RecordCoder) throws(RecordError) {
        if coder.format >= 4 { return try coder.code(&disruption, in: Disruption.allCases) }
        var restartsNucleus = disruption.stopsNucleus
        try coder.code(&restartsNucleus)
        disruption = restartsNucleus ? .nucleus : .components
    }
}

extension Policy {
    fileprivate mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        var (skips, refuses) = (notification == .skip, onSilence == .refuse)
        try coder.code(&skips)
        try coder.code(&responseTimeout)
        try coder.code(&deadline)
        try coder.code(&maxDefer)
        try coder.code(&maxTotalDefer)
        try coder.code(&refuses)
        try coder.code(&require)
        // Since format 3.
        var refusesAbsence = onAbsence == .refuse
        if coder.format >= 3 { try coder.code(&refusesAbsence) }
        guard coder.isReading else { return }
        onAbsence = refusesAbsence ? .refuse : .proceed
        notification = skips ? .skip : .notify
        onSilence = refuses ? .refuse : .proceed
    }
}

/// A participant without its connections: whether it acts on a final notice, and when its last
/// deferral ends, is all that is written of them.
extension Participant: Recordable {
    static var blank: Participant { Participant(.asked, since: .boot, answerBy: .boot) }

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        var connections = summarizeConnections()
        try coder.code(&state, in: states)
        try coder.code(&since)
        try coder.code(&until)
        try coder.code(&question.round)
        try coder.code(&question.answerBy)
        try coder.code(&question.isFinal)
        try coder.code(&question.isAnswered)
        try coder.code(&isTold)
        try coder.code(&connections.isConfirm)
        try coder.code(&isExcused)
        try coder.code(&acknowledgedAt)
        try coder.code(&hasFinalWord)
        try coder.code(&connections.deferralEnd)
        try coder.code(&message)
        try coder.code(&deferrals)
        try coder.code(&budget)
        try coder.code(&blockedBefore)
        try coder.code(&blockedFrom)
        try coder.code(&lastCallLead)
        try coder.code(&hadLastCall)
        try coder.code(&lastDeferral)
        // Since format 4.
        if coder.format >= 4 {
            try coder.code(&brokenFinalAskings)
            try coder.code(&heldUntil)
            try coder.code(&isVeto)
            try coder.code(&connections.deferrer)
        }
        try codeWords(&coder)
        // Since format 6. Before, one process was awaited, however many there had been.
        if coder.format >= 6 {
            try coder.code(&connections.processes)
        } else {
            connections.processes = 1
        }
        if coder.format >= 6 { try coder.code(&question.isProlonged) }
        guard coder.isReading else { return }
        restore(
            isConfirm: connections.isConfirm,
            deferralEnd: connections.deferralEnd,
            deferrer: connections.deferrer,
            processes: connections.processes
        )
        // It is counted on from there.
        guard 0...Int64(Int32.max) ~= question.round else { throw RecordError() }
    }
}

extension LastDeferral: Recordable {
    static var blank: LastDeferral { LastDeferral(granted: .zero, message: nil) }

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try coder.code(&granted)
        try coder.code(&message)
    }
}

extension Force: Recordable {
    static var blank: Force { Force(by: "", reason: "") }

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try coder.code(&by)
        try coder.code(&reason)
    }
}

/// Its `deploymentID` is that of the record.
extension Ended: Recordable {
    static var blank: Ended { Ended(.unknown, at: .boot) }

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        var (number, outcome, message) = (0, Outcome.unknown, String?.none)
        var withdrawal = Withdrawal(deploymentID: "", by: "", reason: "")
        switch ending {
        case .completed(let known, let text): (outcome, message) = (known, text)
        case .cancelled(let known): (number, withdrawal) = (1, known)
        case .refused(let known): (number, withdrawal) = (2, known)
        case .unknown: number = 3
        }
        try coder.code(&at)
        try coder.code(&number)
        if number == 0 {
            try coder.code(&outcome, in: outcomes)
            try coder.code(&message)
        } else if number < 3 {
            try coder.code(&withdrawal.by)
            try coder.code(&withdrawal.reason)
        }
        guard coder.isReading else { return }
        switch number {
        case 0: ending = .completed(outcome, message: message)
        case 1: ending = .cancelled(withdrawal)
        case 2: ending = .refused(withdrawal)
        case 3: ending = .unknown
        default: throw RecordError()
        }
    }
}

extension OwedPost: Recordable {
    static var blank: OwedPost {
        OwedPost(Post(deploymentID: "", outcome: .unknown, message: nil), until: .boot)
    }

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try coder.code(&post.deploymentID)
        try coder.code(&post.outcome, in: outcomes)
        try coder.code(&post.message)
        try coder.code(&until)
    }
}

/// Those that one component is owed.
struct OwedPosts: Recordable {
    static var blank: Self { Self(posts: []) }

    var posts: [OwedPost]

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try coder.code(&posts)
    }
}
