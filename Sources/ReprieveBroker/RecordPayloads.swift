// SPDX-License-Identifier: Apache-2.0

internal import Negotiation

// The fields of each record, in their order. What is added later goes to the end, with a new
// version of the format.

private let states: [Participant.State] = [
    .absent, .asked, .acknowledged, .deferred, .silent, .away, .gone, .overridden,
]
private let bases: [Basis] = [.consent, .silence, .capped, .deadline, .forced, .skipped]
private let outcomes: [Outcome] = [.applied, .failed, .rolledBack, .cancelled, .unknown]

extension RecordWriter {
    mutating func put(_ update: Update.Record) {
        put(update.request)
        put(update.announced)
        put(update.deadline)
        put(update.deadlineLastCall) { $0.put($1) }
        switch update.phase {
        case .gathering: put(0)
        case .finalAsking: put(1)
        case .released(let basis, let waited, let instant):
            put(2)
            put(basis, in: bases)
            put(waited)
            put(instant)
        case .ended(let end):
            put(3)
            put(end)
        }
        put(update.ownProcesses) { $0.put(Int64($1)) }
        put(update.forced) { writer, force in
            writer.put(force.by)
            writer.put(force.reason)
        }
    }

    private mutating func put(_ request: UpdateRequest) {
        put(request.deploymentID)
        put(request.reason) { $0.put($1) }
        put(request.restartsNucleus)
        put(request.components) { $0.put($1) { $0.put($1) } }
        put(request.policy)
        put(Int64(request.asSent.count))
        bytes.append(contentsOf: request.asSent)
    }

    private mutating func put(_ policy: Policy) {
        put(policy.notification == .skip)
        put(policy.responseTimeout)
        put(policy.deadline)
        put(policy.maxDefer)
        put(policy.maxTotalDefer)
        put(policy.onSilence == .refuse)
        put(policy.require) { $0.put($1) }
    }

    mutating func put(_ participant: Participant.Record) {
        put(participant.state, in: states)
        put(participant.since)
        put(participant.until) { $0.put($1) }
        put(participant.round)
        put(participant.answerBy)
        put(participant.isFinal)
        put(participant.isAnswered)
        put(participant.isTold)
        put(participant.isConfirm)
        put(participant.isExcused)
        put(participant.acknowledgedAt) { $0.put($1) }
        put(participant.hasFinalWord)
        put(participant.wordEnd) { $0.put($1) }
        put(participant.message) { $0.put($1) }
        put(Int64(participant.deferrals))
        put(participant.budget)
        put(participant.blockedBefore)
        put(participant.blockedFrom) { $0.put($1) }
        put(participant.lastCallLead)
        put(participant.hadLastCall)
        put(participant.lastDeferral) { writer, deferral in
            writer.put(deferral.granted)
            writer.put(deferral.message) { $0.put($1) }
        }
    }

    mutating func put(_ ended: Ended) {
        put(ended.at)
        switch ended.ending {
        case .completed(let outcome, let message):
            put(0)
            put(outcome, in: outcomes)
            put(message) { $0.put($1) }
        case .cancelled(let withdrawal): put(1, withdrawal)
        case .refused(let withdrawal): put(2, withdrawal)
        case .unknown: put(3)
        }
    }

    private mutating func put(_ kind: Int64, _ withdrawal: Withdrawal) {
        put(kind)
        put(withdrawal.by)
        put(withdrawal.reason)
    }

    mutating func put(_ owed: OwedPost) {
        put(owed.post.deploymentID)
        put(owed.post.outcome, in: outcomes)
        put(owed.post.message) { $0.put($1) }
        put(owed.until)
    }
}

extension RecordReader {
    mutating func update() throws(RecordError) -> Update.Record {
        let request = try request()
        let announced = try instant()
        let deadline = try instant()
        let lastCall = try optionalInstant()
        var update = Update.Record(request, announced: announced, deadline: deadline)
        update.deadlineLastCall = lastCall
        switch try number() {
        case 0: break
        case 1: update.phase = .finalAsking
        case 2: update.phase = .released(try word(bases), waited: try duration(), at: try instant())
        case 3: update.phase = .ended(try ended(request.deploymentID))
        default: throw RecordError()
        }
        update.ownProcesses = try list { (reader) throws(RecordError) in
            Int32(truncatingIfNeeded: try reader.number())
        }
        update.forced = try optional { (reader) throws(RecordError) in
            Force(by: try reader.text(), reason: try reader.text())
        }
        return update
    }

    private mutating func request() throws(RecordError) -> UpdateRequest {
        UpdateRequest(
            deploymentID: try text(),
            reason: try optionalText(),
            restartsNucleus: try flag(),
            components: try optional { (reader) throws(RecordError) in try reader.texts() },
            policy: try policy(),
            asSent: try blob()
        )
    }

    private mutating func policy() throws(RecordError) -> Policy {
        Policy(
            notification: try flag() ? .skip : .notify,
            responseTimeout: try duration(),
            deadline: try duration(),
            maxDefer: try duration(),
            maxTotalDefer: try duration(),
            onSilence: try flag() ? .refuse : .proceed,
            require: try texts()
        )
    }

    mutating func participant() throws(RecordError) -> Participant.Record {
        let state = try word(states)
        let since = try instant()
        let until = try optionalInstant()
        let round = try tally()
        var participant = Participant.Record(state, since: since, answerBy: try instant())
        participant.until = until
        participant.round = round
        participant.isFinal = try flag()
        participant.isAnswered = try flag()
        participant.isTold = try flag()
        participant.isConfirm = try flag()
        participant.isExcused = try flag()
        participant.acknowledgedAt = try optionalInstant()
        participant.hasFinalWord = try flag()
        participant.wordEnd = try optionalInstant()
        participant.message = try optionalText()
        participant.deferrals = Int(try tally())
        participant.budget = try duration()
        participant.blockedBefore = try duration()
        participant.blockedFrom = try optionalInstant()
        participant.lastCallLead = try duration()
        participant.hadLastCall = try flag()
        participant.lastDeferral = try optional { (reader) throws(RecordError) in
            LastDeferral(granted: try reader.duration(), message: try reader.optionalText())
        }
        return participant
    }

    mutating func ended(_ id: DeploymentID) throws(RecordError) -> Ended {
        let instant = try instant()
        switch try number() {
        case 0:
            return Ended(.completed(try word(outcomes), message: try optionalText()), at: instant)
        case 1: return Ended(.cancelled(try withdrawal(id)), at: instant)
        case 2: return Ended(.refused(try withdrawal(id)), at: instant)
        case 3: return Ended(.unknown, at: instant)
        default: throw RecordError()
        }
    }

    private mutating func withdrawal(_ id: DeploymentID) throws(RecordError) -> Withdrawal {
        Withdrawal(deploymentID: id, by: try text(), reason: try text())
    }

    mutating func owedPosts() throws(RecordError) -> [OwedPost] {
        try list { (reader) throws(RecordError) in try reader.owedPost() }
    }

    private mutating func owedPost() throws(RecordError) -> OwedPost {
        let post = Post(
            deploymentID: try text(),
            outcome: try word(outcomes),
            message: try optionalText()
        )
        return OwedPost(post, until: try instant())
    }

    private mutating func texts() throws(RecordError) -> [String] {
        try list { (reader) throws(RecordError) in try reader.text() }
    }

    private mutating func optionalText() throws(RecordError) -> String? {
        try optional { (reader) throws(RecordError) in try reader.text() }
    }

    private mutating func optionalInstant() throws(RecordError) -> Instant? {
        try optional { (reader) throws(RecordError) in try reader.instant() }
    }
}
