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
        try announced.code(&coder)
        try deadline.code(&coder)
        try deadlineLastCall.code(&coder)
        try phase.code(&coder)
        // Until format 5 the processes of all coordinators, past and present.
        var processes = formerProcesses.sorted()
        try processes.code(&coder)
        if coder.isReading { formerProcesses = Set(processes) }
        try forced.code(&coder)
        // Since format 4.
        if coder.format >= 4 {
            try brokenFinalAskings.code(&coder)
            try blockedAtDeadline.code(&coder)
            try request.isExclusive.code(&coder)
            try request.completesLater.code(&coder)
            try request.isShutdown.code(&coder)
            var refusesDeadline = request.policy.onDeadline == .refuse
            try refusesDeadline.code(&coder)
            if coder.isReading {
                request.policy.onDeadline = refusesDeadline ? .refuse : .proceed
            }
        }
        if coder.isReading { self.request = request }
        // Since format 5. Those stay whose connections are taken back.
        if coder.format >= 5 { try coordinators.code(&coder) }
    }
}

extension Update.Coordinator: Recordable {
    static var blank: Self { Self(stream: .blank, process: 0) }

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try stream.code(&coder)
        // Since format 6.
        if coder.format >= 6 { try process.code(&coder) }
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
        try number.code(&coder)
        if number == 2 {
            try opening.basis.code(&coder, in: bases)
            try opening.waited.code(&coder)
            try opening.at.code(&coder)
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
        try deploymentID.code(&coder)
        try reason.code(&coder)
        try code(disruption: &coder)
        var hasComponents = components != nil
        try hasComponents.code(&coder)
        if hasComponents {
            var names = components ?? []
            try names.code(&coder)
            if coder.isReading { components = names }
        }
        try policy.code(&coder)
        try asSent.code(&coder)
        // Until format 4 the request alone said that the update reboots.
        guard coder.format < 4 else { return }
        if let request = try? GateRequest(decoding: asSent, limits: .fromBroker) {
            disruption = request.disruption
        }
        isShutdown = Shutdown.Kind(asSent: asSent) != nil
    }

    private mutating func code(disruption coder: inout some RecordCoder) throws(RecordError) {
        if coder.format >= 4 { return try disruption.code(&coder, in: Disruption.allCases) }
        var restartsNucleus = disruption.stopsNucleus
        try restartsNucleus.code(&coder)
        disruption = restartsNucleus ? .nucleus : .components
    }
}

extension Policy {
    fileprivate mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        var (skips, refuses) = (notification == .skip, onSilence == .refuse)
        try skips.code(&coder)
        try responseTimeout.code(&coder)
        try deadline.code(&coder)
        try maxDefer.code(&coder)
        try maxTotalDefer.code(&coder)
        try refuses.code(&coder)
        try require.code(&coder)
        // Since format 3.
        var refusesAbsence = onAbsence == .refuse
        if coder.format >= 3 { try refusesAbsence.code(&coder) }
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
        try state.code(&coder, in: states)
        try since.code(&coder)
        try until.code(&coder)
        try question.round.code(&coder)
        try question.answerBy.code(&coder)
        try question.isFinal.code(&coder)
        try question.isAnswered.code(&coder)
        try isTold.code(&coder)
        try connections.isConfirm.code(&coder)
        try isExcused.code(&coder)
        try acknowledgedAt.code(&coder)
        try hasFinalWord.code(&coder)
        try connections.deferralEnd.code(&coder)
        try message.code(&coder)
        try deferrals.code(&coder)
        try budget.code(&coder)
        try blockedBefore.code(&coder)
        try blockedFrom.code(&coder)
        try lastCallLead.code(&coder)
        try hadLastCall.code(&coder)
        try lastDeferral.code(&coder)
        // Since format 4.
        if coder.format >= 4 {
            try brokenFinalAskings.code(&coder)
            try heldUntil.code(&coder)
            try isVeto.code(&coder)
            try connections.deferrer.code(&coder)
        }
        try codeWords(&coder)
        // Since format 6. Before, one process was awaited, however many there had been.
        if coder.format >= 6 {
            try connections.processes.code(&coder)
        } else {
            connections.processes = 1
        }
        if coder.format >= 6 { try question.isProlonged.code(&coder) }
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
        try granted.code(&coder)
        try message.code(&coder)
    }
}

extension Force: Recordable {
    static var blank: Force { Force(by: "", reason: "") }

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try by.code(&coder)
        try reason.code(&coder)
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
        try at.code(&coder)
        try number.code(&coder)
        if number == 0 {
            try outcome.code(&coder, in: outcomes)
            try message.code(&coder)
        } else if number < 3 {
            try withdrawal.by.code(&coder)
            try withdrawal.reason.code(&coder)
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
        try post.deploymentID.code(&coder)
        try post.outcome.code(&coder, in: outcomes)
        try post.message.code(&coder)
        try until.code(&coder)
    }
}

/// Those that one component is owed.
struct OwedPosts: Recordable {
    static var blank: Self { Self(posts: []) }

    var posts: [OwedPost]

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try posts.code(&coder)
    }
}
