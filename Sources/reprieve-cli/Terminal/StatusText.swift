// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// What the status itself does not say.
struct StatusContext: Sendable {
    /// The device's clock, in milliseconds since 1970; nil shows no times of day.
    var now: Int64?
    /// How long logind lets a shutdown wait.
    var shutdownLimit: Duration?
}

func text(_ status: StatusShape, _ context: StatusContext = StatusContext()) -> String {
    let updates = status.updates.map { text($0, columns: nil, context) }
    let none = updates.isEmpty ? ["no update is waiting\n"] : []
    let components = text(status.components, missing: status.missing)
    let parts = [text(status.upstream), text(status.accounts), text(status.inhibitors, context)]
    let last = parts.filter { !$0.isEmpty }
    return (none + updates + [components] + last).joined(separator: "\n")
}

/// In a terminal of so many columns, if that is given.
func text(
    _ update: UpdateShape,
    columns: Int? = nil,
    _ context: StatusContext = StatusContext()
) -> String {
    var first = "update \(shown(update.deploymentID)): \(update.stateText)"
    first += " for \(elapsed(update.releasedMs ?? update.ageMs))"
    if update.releasedMs != nil { first += ", announced \(elapsed(update.ageMs)) ago" }
    if update.state == .waiting {
        first += ", at most \(duration(update.deadlineInMs)) more"
        if let now = context.now {
            first += " (until \(clockTime(now + update.deadlineInMs, now: now).dropFirst(3)))"
        }
    }
    if let effect = text(update.disruption) { first += ", " + effect }
    if let reason = update.reason { first += "\n  reason: " + shown(reason) }
    if let absence = text(absentIn: update) { first += "\n  " + absence }
    let updates = update.updatesWaitedFor
    if !updates.isEmpty { first += "\n  waits for the end of update \(list(updates))" }
    guard !update.participants.isEmpty else { return first + "\n  no component is concerned\n" }
    let wide = table([head] + update.participants.map(row))
    let width = wide.split(separator: "\n").map(\.width).max() ?? 0
    guard let columns, width > columns else { return first + "\n" + wide }
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
        participant.stateText + (participant.veto ? ", veto" : "") + pids(of: participant),
        elapsed(participant.sinceMs),
        participant.untilMs.map(duration) ?? "-",
        String(participant.deferrals),
        duration(participant.remainingMs),
        participant.message.map(shown) ?? "",
    ]
}

/// ", pid 4711": which of several processes it waits for.
private func pids(of participant: ParticipantShape) -> String {
    participant.pids.isEmpty ? "" : ", " + processes(participant.pids)
}

/// "pid 4711", "pids 4711 and 4712"
func processes(_ pids: [Int64]) -> String {
    (pids.count == 1 ? "pid " : "pids ") + list(pids.map { String($0) })
}

/// What is shown where not all has room: the state, the time left and the message. The name is cut
/// before the time left, and the message before all others, but for a quarter of a wide terminal.
private func narrowTable(_ participants: [ParticipantShape], _ columns: Int) -> String {
    let rows = participants.map { participant in
        [
            shown(participant.component), participant.stateText,
            participant.untilMs.map(duration) ?? "-", participant.message.map(shown) ?? "",
        ]
    }
    let fixed = rows.map { $0[1].width + $0[2].width }.max() ?? 0
    let message = columns < 60 ? 0 : min(rows.map(\.[3].width).max() ?? 0, columns / 4)
    let room = max(4, columns - fixed - message - 8)
    return table(rows.map { [cut($0[0], to: room)] + $0.dropFirst() })
}

/// In a terminal of so many columns, if that is given, names are cut before the rest.
func text(_ components: [ComponentShape], missing: [String], columns: Int? = nil) -> String {
    let absent =
        missing.isEmpty ? "" : "required and not connected: \(list(missing, limit: .max))\n"
    guard !components.isEmpty else { return "no component is connected\n" + absent }
    let head = ["COMPONENT", "CONNECTIONS", "PIDS", "UNIT"]
    var rows = [head] + components.map(row)
    if let columns {
        let rest = (1...3).map { column in rows.map { $0[column].width }.max() ?? 0 }
        let room = max(8, columns - rest.reduce(8, +))
        for index in rows.indices { rows[index][0] = cut(rows[index][0], to: room) }
    }
    return "\(count(components.count, "component")) connected\n" + absent + table(rows)
}

private func row(_ component: ComponentShape) -> [String] {
    [
        shown(component.component),
        String(component.connections),
        component.pids.map { String($0) }.joined(separator: " "),
        component.unit.map(shown) ?? "-",
    ]
}

/// What holds the machine's shutdown back, and for how long at most. Empty if nothing does. Where
/// logind cannot be asked, it is not known whether it has granted what the broker wants.
func text(_ inhibitors: [InhibitorShape], _ context: StatusContext) -> String {
    inhibitors.map { inhibitor in
        let refuses = inhibitor.mode == "block"
        let wish = "logind is to \(refuses ? "refuse" : "delay") shutdowns"
        let effect = context.shutdownLimit.map { limit in
            refuses ? "a shutdown is refused" : "a shutdown waits, for at most \(duration(limit))"
        }
        return "\(effect ?? wish): \(shown(inhibitor.why))\n"
    }.joined()
}

/// How the nucleus beside the broker is. Empty if none is configured.
func text(_ upstream: UpstreamShape?) -> String {
    guard let upstream else { return "" }
    let state = upstream.state?.rawValue ?? "in a state of a later version"
    let reason = upstream.message.map { ": " + shown($0) } ?? ""
    let connections = count(Int(upstream.connections), "connection")
    let denied = upstream.refusals > 0 ? ", \(upstream.refusals) denied" : ""
    return "upstream \(shown(upstream.socket)): \(state), \(connections)\(denied)\(reason)\n"
}

// MARK: - Time

extension UpdateShape {
    /// The same update after some time in which nothing happened.
    func aged(by milliseconds: Int64) -> UpdateShape {
        var update = self
        update.ageMs += milliseconds
        update.deadlineInMs = max(0, deadlineInMs - milliseconds)
        update.lastCallInMs = lastCallInMs.map { max(0, $0 - milliseconds) }
        update.releasedMs = releasedMs.map { $0 + milliseconds }
        for index in update.participants.indices {
            let untilMs = update.participants[index].untilMs
            update.participants[index].sinceMs += milliseconds
            update.participants[index].untilMs = untilMs.map { max(0, $0 - milliseconds) }
        }
        return update
    }
}

extension UpdateShape {
    /// What changes when something happens, and not by itself.
    var withoutTimes: UpdateShape {
        var update = self
        (update.ageMs, update.deadlineInMs) = (0, 0)
        update.lastCallInMs = lastCallInMs.map { _ in 0 }
        update.releasedMs = releasedMs.map { _ in 0 }
        for index in update.participants.indices {
            update.participants[index].untilMs = participants[index].untilMs.map { _ in 0 }
            update.participants[index].sinceMs = 0
            update.participants[index].blockedMs = 0
            update.participants[index].remainingMs = 0
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
