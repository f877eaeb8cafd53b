// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

func text(_ status: StatusShape) -> String {
    let updates = status.updates.map { text($0) }
    let none = updates.isEmpty ? ["no update is waiting\n"] : []
    let components = text(status.components, missing: status.missing)
    let last = [text(status.upstream), text(status.accounts)].filter { !$0.isEmpty }
    return (none + updates + [components] + last).joined(separator: "\n")
}

/// In a terminal of so many columns, if that is given.
func text(_ update: UpdateShape, columns: Int? = nil) -> String {
    var first = "update \(shown(update.deploymentID)): \(update.stateText)"
    first += " for \(elapsed(update.releasedMs ?? update.ageMs))"
    if update.releasedMs != nil { first += ", announced \(elapsed(update.ageMs)) ago" }
    if update.state == .waiting { first += ", at most \(duration(update.deadlineInMs)) more" }
    if let effect = text(update.disruption) { first += ", " + effect }
    if let reason = update.reason { first += "\n  reason: " + shown(reason) }
    if let absence = text(absentIn: update) { first += "\n  " + absence }
    let updates = update.updatesWaitedFor
    if !updates.isEmpty { first += "\n  waits for the end of update \(list(updates))" }
    guard !update.participants.isEmpty else { return first + "\n  no component is concerned\n" }
    guard let columns, columns < wideTable else {
        return first + "\n" + table([head] + update.participants.map(row))
    }
    return first + "\n" + narrowTable(update.participants, columns)
}

/// What follows if the required components that are absent do not come.
private func text(absentIn update: UpdateShape) -> String? {
    let absent = update.participants.filter { $0.state == .absent && !$0.veto }
    guard update.state == .waiting, !absent.isEmpty else { return nil }
    let names = list(absent.map(\.component))
    let time = duration(absent.compactMap(\.untilMs).min() ?? 0)
    let end = update.onAbsence == .refuse ? "refused in" : "not waited for after"
    return "required and not connected: \(names); \(end) \(time)"
}

private let head = ["COMPONENT", "STATE", "SINCE", "UNTIL", "DEFERRALS", "REMAINING", "MESSAGE"]

private func row(_ participant: ParticipantShape) -> [String] {
    [
        shown(participant.component),
        participant.stateText + (participant.veto ? ", veto" : ""),
        elapsed(participant.sinceMs),
        participant.untilMs.map(duration) ?? "-",
        String(participant.deferrals),
        duration(participant.remainingMs),
        participant.message.map(shown) ?? "",
    ]
}

/// Columns below which a table has only the state and the time left.
private let wideTable = 80

/// The name is cut before the time left, and the message before all others.
private func narrowTable(_ participants: [ParticipantShape], _ columns: Int) -> String {
    let rows = participants.map { participant in
        [
            shown(participant.component), participant.stateText,
            participant.untilMs.map(duration) ?? "-", participant.message.map(shown) ?? "",
        ]
    }
    let fixed = rows.map { $0[1].count + $0[2].count }.max() ?? 0
    let room = max(4, columns - fixed - 8)
    return table(rows.map { [cut($0[0], to: room)] + $0.dropFirst() })
}

func text(_ components: [ComponentShape], missing: [String]) -> String {
    let absent =
        missing.isEmpty ? "" : "required and not connected: \(list(missing, limit: .max))\n"
    guard !components.isEmpty else { return "no component is connected\n" + absent }
    let rows = components.map { component in
        [
            shown(component.component),
            String(component.connections),
            component.pids.map { String($0) }.joined(separator: " "),
            component.unit.map(shown) ?? "-",
        ]
    }
    let head = ["COMPONENT", "CONNECTIONS", "PIDS", "UNIT"]
    return "\(count(components.count, "component")) connected\n" + absent + table([head] + rows)
}

/// How the nucleus beside the broker is. Empty if none is configured.
func text(_ upstream: UpstreamShape?) -> String {
    guard let upstream else { return "" }
    let state = upstream.state?.rawValue ?? "in a state of a later version"
    let reason = upstream.message.map { ": " + shown($0) } ?? ""
    let connections = count(Int(upstream.connections), "connection")
    return "upstream \(shown(upstream.socket)): \(state), \(connections)\(reason)\n"
}

// MARK: - Time

extension UpdateShape {
    /// The same update after some time in which nothing happened.
    func aged(by milliseconds: Int64) -> UpdateShape {
        var update = self
        update.ageMs += milliseconds
        update.deadlineInMs = max(0, deadlineInMs - milliseconds)
        update.releasedMs = releasedMs.map { $0 + milliseconds }
        for index in update.participants.indices {
            let untilMs = update.participants[index].untilMs
            update.participants[index].sinceMs += milliseconds
            update.participants[index].untilMs = untilMs.map { max(0, $0 - milliseconds) }
        }
        return update
    }
}

extension StatusShape {
    func aged(by milliseconds: Int64) -> StatusShape {
        var status = self
        status.updates = updates.map { $0.aged(by: milliseconds) }
        return status
    }
}
