// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import ReprieveProtocol

func text(_ history: HistoryShape, of id: String?) -> String {
    guard !history.decisions.isEmpty else {
        return "nothing is remembered" + (id.map { " of update " + shown($0) } ?? "") + "\n"
    }
    return history.decisions.map(text).joined(separator: "\n")
}

private func text(_ decision: DecisionShape) -> String {
    let outcome = decision.outcome?.rawValue ?? "released, its outcome is not known yet"
    var lines = ["update \(shown(decision.deploymentID)): \(outcome)"]
    if let reason = decision.reason { lines.append("  reason: " + shown(reason)) }
    lines += steps(decision).map { "  \(localTime($0.at))  \($0.what)" }
    var text = lines.map { $0 + "\n" }.joined()
    let head = ["COMPONENT", "STATE", "DEFERRALS", "BLOCKED", "MESSAGE"]
    if decision.participants.isEmpty {
        text += "  no component was asked\n"
    } else {
        text += table([head] + decision.participants.map(row))
    }
    if decision.omitted > 0 { text += "  and \(decision.omitted) more\n" }
    return text
}

/// What happened, in its order.
private func steps(_ decision: DecisionShape) -> [(at: Int64, what: String)] {
    let restarts = decision.isGgcRestarting ? ", restarts the nucleus" : ""
    var steps = [(at: decision.announcedAtMs, what: "announced" + restarts)]
    let waited = "after " + duration(decision.waitedMs)
    if let released = decision.releasedAtMs {
        var what = "released \(waited)"
        if let basis = decision.basis { what += ", " + ground(basis, decision) }
        steps.append((released, what))
    }
    guard let ended = decision.endedAtMs else { return steps }
    if let cancelled = decision.cancelled {
        steps.append((ended, "cancelled \(waited), by " + who(cancelled)))
    } else if let refused = decision.refused {
        steps.append((ended, "refused \(waited), because of " + who(refused)))
    } else {
        let message = decision.message.map { ": " + shown($0) } ?? ""
        steps.append((ended, (decision.outcome?.rawValue ?? "ended") + message))
    }
    return steps
}

private func ground(_ basis: BasisWord, _ decision: DecisionShape) -> String {
    let names = { (state: ParticipantWord) in
        list(decision.participants.filter { $0.state == state }.map(\.component))
    }
    return switch basis {
    case .consent where decision.participants.isEmpty: "nobody was concerned"
    case .consent: "all were ready"
    case .silence: "no answer from \(list(silent(decision)))"
    case .capped: "the time of \(names(.overridden)) was used up"
    case .deadline: "the deadline had passed"
    case .forced: "forced" + (decision.forced.map { " by " + who($0) } ?? "")
    case .skipped: "nobody was to be asked"
    }
}

private func silent(_ decision: DecisionShape) -> [String] {
    decision.participants.filter { $0.state == .silent || $0.state == .gone }.map(\.component)
}

private func who(_ one: ByWhomShape) -> String {
    shown(one.by) + (one.reason.isEmpty ? "" : ": " + shown(one.reason))
}

private func row(_ participant: DecidedParticipantShape) -> [String] {
    [
        shown(participant.component),
        participant.state.rawValue,
        String(participant.deferrals),
        duration(participant.blockedMs),
        participant.message.map(shown) ?? "",
    ]
}

/// "2026-11-23 03:12:07", by the clock of whoever reads it.
func localTime(_ milliseconds: Int64) -> String {
    var seconds = time_t(milliseconds / 1_000)
    var parts = tm()
    guard localtime_r(&seconds, &parts) != nil else { return "-" }
    let date = [Int(parts.tm_year) + 1_900, Int(parts.tm_mon) + 1, Int(parts.tm_mday)]
    let time = [Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec)]
    return date.map(twoDigits).joined(separator: "-") + " "
        + time.map(twoDigits).joined(separator: ":")
}

private func twoDigits(_ number: Int) -> String {
    number < 10 ? "0\(number)" : String(number)
}
