// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

func text(_ status: StatusShape) -> String {
    let updates = status.updates.map(text)
    let none = updates.isEmpty ? ["no update is waiting\n"] : []
    return (none + updates + [text(status.components)]).joined(separator: "\n")
}

private func text(_ update: UpdateShape) -> String {
    var first = "update \(shown(update.deploymentID)): \(update.stateText)"
    first += " for \(duration(update.ageMs))"
    if update.state == .waiting { first += ", at most \(duration(update.deadlineInMs)) more" }
    if update.isGgcRestarting { first += ", restarts the nucleus" }
    if let reason = update.reason { first += "\n  reason: " + shown(reason) }
    guard !update.participants.isEmpty else { return first + "\n  no component is concerned\n" }
    let head = ["COMPONENT", "STATE", "SINCE", "UNTIL", "DEFERRALS", "REMAINING", "MESSAGE"]
    return first + "\n" + table([head] + update.participants.map(row))
}

private func row(_ participant: ParticipantShape) -> [String] {
    [
        shown(participant.component),
        participant.stateText,
        duration(participant.sinceMs),
        participant.untilMs.map(duration) ?? "-",
        String(participant.deferrals),
        duration(participant.remainingMs),
        participant.message.map(shown) ?? "",
    ]
}

private func text(_ components: [ComponentShape]) -> String {
    guard !components.isEmpty else { return "no component is connected\n" }
    let rows = components.map { component in
        [
            shown(component.component),
            String(component.connections),
            component.pids.map { String($0) }.joined(separator: " "),
            component.unit.map(shown) ?? "-",
        ]
    }
    let head = ["COMPONENT", "CONNECTIONS", "PIDS", "UNIT"]
    return "\(count(components.count, "component")) connected\n" + table([head] + rows)
}

// MARK: - Time

extension UpdateShape {
    /// The same update after some time in which nothing happened.
    func aged(by milliseconds: Int64) -> UpdateShape {
        var update = self
        update.ageMs += milliseconds
        update.deadlineInMs = max(0, deadlineInMs - milliseconds)
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
        StatusShape(updates: updates.map { $0.aged(by: milliseconds) }, components: components)
    }
}
