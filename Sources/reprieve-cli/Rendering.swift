// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// A text of somebody else's, with everything escaped that a terminal might obey.
func shown(_ text: String) -> String {
    printable(text)
}

/// At most a few names, and how many more there are.
func list(_ names: [String], limit: Int = 3) -> String {
    let first = names.prefix(limit).map(shown)
    let more = names.count - first.count
    if more > 0 { return first.joined(separator: ", ") + " and \(more) more" }
    guard let last = first.last, first.count > 1 else { return first.joined() }
    return first.dropLast().joined(separator: ", ") + " and " + last
}

private func count(_ number: Int, _ noun: String) -> String {
    number == 1 ? "1 \(noun)" : "\(number) \(noun)s"
}

// MARK: - A gate

/// "waiting for com.example.Camera (recording), 12 s left; 2 of 3 ready"
func line(_ update: UpdateShape) -> String {
    let blockers = blockers(of: update)
    let total = update.participants.count
    let ready = "\(total - blockers.count) of \(total) ready"
    guard !blockers.isEmpty else { return ready }
    let named = blockers.prefix(2).map { "\(shown($0.component)) (\(note($0)))" }
    let more = blockers.count > 2 ? " and \(blockers.count - 2) more" : ""
    let left = blockers[0].untilMs.map { ", \(duration($0)) left" } ?? ""
    return "waiting for " + named.joined(separator: ", ") + more + left + "; " + ready
}

/// The one that takes longest comes first: who deferred before who has yet to answer.
private func blockers(of update: UpdateShape) -> [ParticipantShape] {
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
    let who = count(response.participants.count, "component")
    let concerned = response.participants.isEmpty ? "no component is concerned" : "\(who) concerned"
    return response.attached
        ? "update \(id) was announced before and is joined: \(concerned)"
        : "update \(id) is announced: \(concerned)"
}

/// The last event of a gate; nothing for progress.
func line(_ event: GateEvent) -> String {
    switch event {
    case .progress(let update): line(update)
    case .released(let released): line(released)
    case .refused(let refused): "refused" + line(refused)
    case .cancelled(let cancelled): "cancelled" + line(cancelled)
    }
}

private func line(_ released: ReleasedShape) -> String {
    let ground =
        switch released.basis {
        case .consent where released.participants.isEmpty: "nobody is concerned"
        case .consent: "all are ready"
        case .silence: "the rest is silent"
        case .capped: "the time of those who deferred is used up"
        case .deadline: "the deadline has passed"
        case .forced: "it was forced"
        case .skipped: "nobody was asked"
        case .unknown: "on a ground that this version does not know"
        }
    let silent = released.silent.isEmpty ? "" : "; silent: " + list(released.silent)
    let overridden =
        released.overridden.isEmpty ? "" : "; overridden: " + list(released.overridden)
    return "released after \(duration(released.waitedMs)), \(ground)" + silent + overridden
}

private func line(_ withdrawn: WithdrawnShape) -> String {
    let by = withdrawn.by.isEmpty ? "" : " by " + shown(withdrawn.by)
    return by + (withdrawn.reason.isEmpty ? "" : ": " + shown(withdrawn.reason))
}

// MARK: - The status

func text(_ status: StatusShape) -> String {
    let updates = status.updates.map(text)
    let none = updates.isEmpty ? ["no update is waiting\n"] : []
    return (none + updates + [text(status.components)]).joined(separator: "\n")
}

private func text(_ update: UpdateShape) -> String {
    var first = "update \(shown(update.deploymentID)): \(update.state.rawValue)"
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

/// Columns as wide as their widest cell, indented.
func table(_ rows: [[String]]) -> String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
        rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    let lines = rows.map { row in
        let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
        return "  " + cells.joined(separator: "  ")
    }
    return lines.map { trimmed($0) + "\n" }.joined()
}

private func trimmed(_ line: String) -> Substring {
    line[..<(line.lastIndex { $0 != " " }.map(line.index(after:)) ?? line.startIndex)]
}

// MARK: - As time goes by

extension UpdateShape {
    /// The same, as it looks some time later if nothing happens.
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
