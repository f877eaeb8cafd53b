// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol

// Between the negotiation's values and the shapes on the wire.

extension Policy {
    init(_ shape: PolicyShape, defaults: Policy) {
        self = defaults
        if let action = shape.action { notification = action == .skip ? .skip : .notify }
        if let ms = shape.responseTimeoutMs { responseTimeout = .milliseconds(ms) }
        if let ms = shape.deadlineMs { deadline = .milliseconds(ms) }
        if let ms = shape.maxDeferMs { maxDefer = .milliseconds(ms) }
        if let ms = shape.maxTotalDeferMs { maxTotalDefer = .milliseconds(ms) }
        if let onSilence = shape.onSilence { self.onSilence = onSilence }
        if let require = shape.require { self.require = require }
        if let onAbsence = shape.onAbsence { self.onAbsence = onAbsence }
        if let onDeadline = shape.onDeadline { self.onDeadline = onDeadline }
    }
}

extension PolicyShape {
    /// What can be configured of it.
    init(_ policy: Policy) {
        self.init()
        responseTimeoutMs = policy.responseTimeout.wholeMilliseconds
        deadlineMs = policy.deadline.wholeMilliseconds
        maxDeferMs = policy.maxDefer.wholeMilliseconds
        maxTotalDeferMs = policy.maxTotalDefer.wholeMilliseconds
        onSilence = policy.onSilence
        onAbsence = policy.onAbsence
        onDeadline = policy.onDeadline
    }
}

extension PreUpdateEvent {
    init(_ notice: Notice) {
        self.init(deploymentID: notice.deploymentID, disruption: notice.disruption)
        reason = notice.reason
        components = notice.components
        round = notice.round
        respondByMs = notice.respondBy.wholeMilliseconds
        deadlineInMs = notice.deadlineIn.wholeMilliseconds
        maxDeferMs = notice.maxDefer.wholeMilliseconds
        lastCall = notice.lastCall
        final = notice.final
    }
}

extension PostUpdateEvent {
    init(_ post: Post) {
        self.init(
            deploymentID: post.deploymentID,
            outcome: post.outcome,
            message: post.message
        )
    }
}

extension DeferResponse {
    init(_ grant: Grant) {
        self.init(
            grantedMs: grant.granted.wholeMilliseconds,
            remainingMs: grant.remaining.wholeMilliseconds
        )
    }
}

extension GateResponse {
    init(_ attachment: Attachment) {
        self.init(
            deploymentID: attachment.deploymentID,
            participants: attachment.participants,
            attached: attachment.attached,
            unmatched: attachment.unmatched
        )
    }
}

extension ReleasedShape {
    init(_ release: Release) {
        self.init(
            deploymentID: release.deploymentID,
            basis: release.basis,
            waitedMs: release.waited.wholeMilliseconds,
            participants: release.participants,
            silent: release.silent,
            overridden: release.overridden
        )
        joined = release.isJoined
    }
}

extension WithdrawnShape {
    init(_ withdrawal: Withdrawal) {
        self.init(
            deploymentID: withdrawal.deploymentID,
            by: withdrawal.by,
            reason: withdrawal.reason
        )
    }
}

extension UpdateShape {
    /// With participants of at most so many bytes, those that block first.
    init(_ status: UpdateStatus, limit: Int) {
        let listed = status.participants.fitting(limit)
        self.init(
            deploymentID: status.request.deploymentID,
            state: status.isReleased ? .released : .waiting,
            reason: status.request.reason,
            disruption: status.request.disruption,
            ageMs: status.age.wholeMilliseconds,
            deadlineInMs: status.deadlineIn.wholeMilliseconds,
            blockedBy: status.blockedBy,
            participants: listed.shapes
        )
        let left = status.participants.count - listed.count
        omitted = left > 0 ? Int64(left) : nil
        lastCallInMs = status.lastCallIn?.wholeMilliseconds
        releasedMs = status.releasedSince?.wholeMilliseconds
        let isAbsent = status.participants.contains { $0.state == .absent && !$0.isVeto }
        onAbsence = isAbsent ? status.request.policy.onAbsence : nil
        let policy = status.request.policy
        if !status.isReleased, policy.onSilence == .refuse { onSilence = .refuse }
        if !status.isReleased, policy.onDeadline == .refuse { onDeadline = .refuse }
    }
}

extension [ParticipantStatus] {
    /// Those that fit into so many bytes. Where not all do, those that block come first.
    fileprivate func fitting(_ limit: Int) -> [ParticipantStatus] {
        guard reduce(0, { $0 + $1.mostBytes }) > limit else { return self }
        var left = limit
        return (filter(\.blocks) + filter { !$0.blocks }).prefix { participant in
            left -= participant.mostBytes
            return left >= 0
        }.sorted { $0.component < $1.component }
    }
}

extension ParticipantStatus {
    /// The most that it takes in a document: a character of a message at most six times its bytes.
    fileprivate var mostBytes: Int {
        256 + component.utf8.count + 6 * (message?.utf8.count ?? 0)
    }
}

extension [ParticipantStatus] {
    /// Each is read where it stands: it is large to copy.
    fileprivate var shapes: [ParticipantShape] {
        var shapes: [ParticipantShape] = []
        shapes.reserveCapacity(count)
        let all = span
        for place in all.indices {
            let processes = all[place].processes
            shapes.append(
                ParticipantShape(
                    component: all[place].component,
                    state: all[place].state,
                    sinceMs: all[place].since.wholeMilliseconds,
                    untilMs: all[place].until?.wholeMilliseconds,
                    message: all[place].message,
                    deferrals: Int64(all[place].deferrals),
                    blockedMs: all[place].blocked.wholeMilliseconds,
                    remainingMs: all[place].remaining.wholeMilliseconds,
                    veto: all[place].isVeto,
                    pids: processes.isEmpty ? [] : processes.map { Int64($0) }
                )
            )
        }
        return shapes
    }
}

extension ErrorShape {
    /// The error that a refusal becomes: what was wrong, and what to do.
    init(_ refusal: Refusal) {
        switch refusal {
        case .notSubscribed(let name):
            self.init(.invalidArguments, "\(name) is not subscribed to component updates")
        case .notAsked(let name, let id):
            self.init(.invalidArguments, "\(name) takes no part in update \(quoted(id))")
        case .notWaiting(let id):
            self.init(.serviceError, "no update \(quoted(id)) is waiting for an answer")
        case .alreadyReleased(let id):
            self.init(.serviceError, "update \(quoted(id)) is already under way")
        case .deferralsForbidden(let name, let id):
            self.init(.serviceError, "\(name) may not defer update \(quoted(id)) at all")
        case .budgetSpent(let name, let id):
            self.init(.serviceError, "\(name) may not defer update \(quoted(id)) any longer")
        case .deadlinePassed(let id):
            self.init(.serviceError, "the deadline of update \(quoted(id)) has passed")
        case .unknown(let id):
            self.init(
                .resourceNotFound,
                "there is no update \(quoted(id))",
                resourceType: "Update",
                resourceName: id
            )
        case .anotherRequest(let id):
            self.init(.conflict, "update \(quoted(id)) is announced with another request")
        case .notReleased(let id):
            self.init(.conflict, "update \(quoted(id)) still waits; cancel or force it first")
        case .cannotCancelReleased(let id):
            self.init(.conflict, "update \(quoted(id)) is released; complete it instead")
        case .alreadyEnded(let id, let word):
            self.init(.conflict, "update \(quoted(id)) has ended: \(word)")
        case .tooManyUpdates(let maximum):
            self.init(.serviceError, "\(maximum) updates are under way, which is the maximum")
        case .tooManySubscriptions(let count, let whose):
            let text = "\(whose) has \(count) subscriptions, which is the maximum"
            self.init(.serviceError, text)
        case .tooManyComponents(let count, let unit):
            let text = "\(count) components of \(quoted(unit)) take part, which is the maximum"
            self.init(.serviceError, text)
        }
    }
}
