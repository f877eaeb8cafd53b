// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// Why an update waits, in sentences: for which components, until when, and what would open its
/// gate. `now` is the device's clock, in milliseconds since 1970.
func explanation(of update: UpdateShape, at now: Int64) -> [String] {
    let name = "Update " + named(update.deploymentID, update.reason)
    return ["\(name) has waited for \(elapsed(update.ageMs))."]
        + obstacles(of: update, at: now) + others(in: update) + ends(of: update, at: now)
}

/// "d-42 (nucleus 2.13.0)"
func named(_ id: String, _ reason: String?) -> String {
    shown(id) + (reason.map { " (\(shown($0)))" } ?? "")
}

/// The components that have a sentence of their own.
let explainedComponents = 8

private func obstacles(of update: UpdateShape, at now: Int64) -> [String] {
    let blockers = blockers(of: update)
    var sentences = blockers.prefix(explainedComponents).map { blocker in
        "It waits for " + clause(blocker, update, at: now) + "."
    }
    // Those that are not listed for want of room are named at least in `blockedBy`.
    let left = update.blockedBy.count - update.updatesWaitedFor.count - sentences.count
    if left > 0 { sentences.append("It waits for \(count(left, "more component")).") }
    for id in update.updatesWaitedFor {
        sentences.append("It waits until update \(shown(id)) is over.")
    }
    return sentences
}

/// "camera (recording), which deferred 2 times, now until 14:02:10, and has 9 h of its 12 h left"
private func clause(
    _ blocker: ParticipantShape,
    _ update: UpdateShape,
    at now: Int64
) -> String {
    let end = blocker.untilMs.map { clockTime(now + $0, now: now).dropFirst(3) }
    let time = end.map { " until " + $0 } ?? ""
    let deed =
        switch blocker.state {
        case .deferred: "deferred " + times(blocker.deferrals) + deferral(blocker, time)
        case .asked: "has\(time) to answer" + silence(update, blocker)
        case .absent: "is required and not connected," + time + absence(update, blocker)
        case .away: "hung up and has\(time) to return"
        default: "is " + blocker.stateText
        }
    let veto = blocker.veto ? "; without its yes the update is refused" : ""
    let processes = blocker.pids.isEmpty ? "" : " of " + processes(blocker.pids)
    return shown(blocker.component) + processes + reason(blocker) + ", which " + deed + veto
}

private func reason(_ participant: ParticipantShape) -> String {
    guard participant.state == .deferred, let message = participant.message, !message.isEmpty
    else { return "" }
    return " (\(shown(message)))"
}

/// A veto has no budget.
private func deferral(_ blocker: ParticipantShape, _ time: String) -> String {
    let now = time.isEmpty ? "" : ", now" + time
    guard !blocker.veto else { return now }
    let all = duration(blocker.blockedMs + blocker.remainingMs)
    return now + ", and has \(duration(blocker.remainingMs)) of its \(all) left"
}

private func silence(_ update: UpdateShape, _ blocker: ParticipantShape) -> String {
    guard !blocker.veto else { return "" }
    return update.onSilence == .refuse ? "; without an answer the update is refused" : ""
}

private func absence(_ update: UpdateShape, _ blocker: ParticipantShape) -> String {
    guard !blocker.veto else { return "" }
    let end = update.onAbsence == .refuse ? "the update is refused" : "it is not waited for"
    return ", after which " + end
}

/// The components that do not block.
private func others(in update: UpdateShape) -> [String] {
    let blocking = Set(update.blockedBy)
    let others = update.participants.filter { !blocking.contains($0.component) }
    let ready = others.filter { $0.state == .acknowledged }.map(\.component)
    let passed = others.filter { $0.state != .acknowledged }.map(\.component)
    var sentences: [String] = []
    if !ready.isEmpty { sentences.append("Ready: \(list(ready)).") }
    if !passed.isEmpty { sentences.append("Not waited for any more: \(list(passed)).") }
    return sentences
}

private func ends(of update: UpdateShape, at now: Int64) -> [String] {
    let deadline = clockTime(now + update.deadlineInMs, now: now)
    let isVetoed = blockers(of: update).contains(where: \.veto)
    let last =
        if isVetoed || update.onDeadline == .refuse {
            "It is refused \(deadline) if it still waits then."
        } else if update.updatesWaitedFor.isEmpty {
            "It goes ahead \(deadline) at the latest."
        } else {
            "It is refused \(deadline) if the other update is not over by then."
        }
    return [last] + [wish(update)].compactMap { $0 }
}

/// What would open the gate now. Not said where that is a long list.
private func wish(_ update: UpdateShape) -> String? {
    let names = update.blockedBy.filter { !$0.hasPrefix("update ") }
    guard names.count <= 3 else { return nil }
    let answers = names.isEmpty ? [] : ["\(list(names)) said yes"]
    let ends = update.updatesWaitedFor.map { "update \(shown($0)) were over" }
    guard !(answers + ends).isEmpty else { return nil }
    return "It would go ahead now if " + (answers + ends).joined(separator: " and ") + "."
}

/// "once", "7 times"
func times(_ number: Int64) -> String {
    number == 1 ? "once" : "\(number) times"
}
