// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// "waiting for com.example.Camera (recording), 12 s left; 2 of 3 ready; at most 24 h more"
///
/// In so many columns, if that is given, the end is cut first, then the reasons, then the number of
/// those that are ready, then the name. The time left of the component is never cut.
func line(_ update: UpdateShape, columns: Int? = nil) -> String {
    let most = update.state == .released ? "" : "; at most \(duration(update.deadlineInMs)) more"
    let short = line(update, reasonLimit: nil)
    let whole = short + most
    guard let columns, whole.width > columns else { return whole }
    if short.width <= columns { return short }
    for limit in [24, 12, 6, 0] {
        let text = line(update, reasonLimit: limit)
        if text.width <= columns { return text }
    }
    let blockers = blockers(of: update)
    guard let first = blockers.first else { return cut(whole, to: columns) }
    // Of several reasons the component comes first: it is the one that can be asked.
    let more = blockers.count > 1 ? " +\(blockers.count - 1)" : ""
    let end = more + (first.untilMs.map { ", \(duration($0)) left" } ?? "")
    let start = columns < 50 ? "" : "waiting for "
    let room = columns - start.width - end.width
    return cut(start + cut(shown(first.component), to: max(4, room)) + end, to: columns)
}

private func line(_ update: UpdateShape, reasonLimit: Int?) -> String {
    let blockers = blockers(of: update)
    let total = update.participants.count
    let ready = "\(total - blockers.count) of \(total) ready"
    let updates = update.updatesWaitedFor.map { "update " + shown($0) }
    guard !blockers.isEmpty else {
        return updates.isEmpty ? ready : "waiting for \(list(updates)); " + ready
    }
    let named = blockers.prefix(2).map { blocker in
        let reason = reasonLimit.map { cut(note(blocker), to: $0) } ?? note(blocker)
        return shown(blocker.component) + (reason.isEmpty ? "" : " (\(reason))")
    }
    let more = blockers.count > 2 ? " and \(blockers.count - 2) more" : ""
    let left = blockers[0].untilMs.map { ", \(duration($0)) left" } ?? ""
    let then = updates.isEmpty ? "" : ", then for \(list(updates))"
    return "waiting for " + named.joined(separator: ", ") + more + left + then + "; " + ready
}

/// Components that deferred come before those that have not answered; the longest time comes first.
func blockers(of update: UpdateShape) -> [ParticipantShape] {
    let names = Set(update.blockedBy)
    return update.participants.filter { names.contains($0.component) }.sorted { one, other in
        let (isFirst, isSecond) = (one.state == .deferred, other.state == .deferred)
        return isFirst == isSecond
            ? (one.untilMs ?? 0) > (other.untilMs ?? 0) : isFirst
    }
}

private func note(_ participant: ParticipantShape) -> String {
    guard participant.state == .deferred, let message = participant.message, !message.isEmpty
    else { return participant.stateText }
    return shown(message)
}

func line(_ response: GateResponse) -> String {
    let id = shown(response.deploymentID)
    let number = response.participants.count
    let concerned = number == 0 ? "no component" : count(number, "component")
    return response.attached
        ? "update \(id) was announced before and is joined: it concerns \(concerned)"
        : "update \(id) is announced: it concerns \(concerned)"
}

/// One line for an event of a gate.
func line(_ event: GateEvent) -> String {
    switch event {
    case .progress(let update): line(update)
    case .released(let released): line(released)
    case .refused(let refused):
        "refused" + cause(ByWhomShape(by: refused.by, reason: refused.reason), " because of ")
    case .cancelled(let cancelled): "cancelled" + note(cancelled, "by")
    }
}

private func line(_ released: ReleasedShape) -> String {
    let reason =
        switch released.basis {
        case .consent where released.participants.isEmpty: "no component is concerned"
        case .consent: "all components are ready"
        case .silence: "the other components are silent"
        case .capped: "the budget of a deferring component is spent"
        case .deadline: "the deadline has passed"
        case .forced: "it was forced"
        case .skipped: "no component was asked"
        case .unknown: "for a reason that this version does not know"
        }
    let silent = released.silent.isEmpty ? "" : "; silent: " + list(released.silent)
    let overridden =
        released.overridden.isEmpty ? "" : "; overridden: " + list(released.overridden)
    let joined = released.joined ? "; another gate makes it" : ""
    return "released after \(elapsed(released.waitedMs)), \(reason)" + silent + overridden + joined
}

private func note(_ withdrawn: WithdrawnShape, _ word: String) -> String {
    let by = withdrawn.by.isEmpty ? "" : " \(word) " + shown(withdrawn.by)
    return by + (withdrawn.reason.isEmpty ? "" : ": " + shown(withdrawn.reason))
}
