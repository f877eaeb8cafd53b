// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

func text(_ history: HistoryShape, of id: String?, isFiltered: Bool = false) -> String {
    guard !history.decisions.isEmpty else {
        let update = id.map { " for update " + shown($0) } ?? ""
        return isFiltered ? "no update is like that\(update)\n" : "the history is empty\(update)\n"
    }
    return history.decisions.map(text).joined(separator: "\n")
}

private func text(_ decision: DecisionShape) -> String {
    let outcome = decision.outcome?.word ?? "released; the outcome is not known yet"
    var lines = ["update \(shown(decision.deploymentID)): \(outcome)"]
    if let reason = decision.reason { lines.append("  reason: " + shown(reason)) }
    lines += steps(decision).map { "  \(localTime($0.at))  \($0.what)" }
    var text = lines.map { $0 + "\n" }.joined()
    if decision.participants.isEmpty {
        text += "  no component was asked\n"
    } else {
        let day = localTime(decision.releasedAtMs ?? decision.announcedAtMs).prefix(10)
        text += table([head] + decision.participants.map { row($0, day: day) })
    }
    if decision.omitted > 0 { text += "  and \(decision.omitted) more\n" }
    return text
}

private let head = [
    "COMPONENT", "STATE", "SINCE", "ASKED", "DEFERRED", "BLOCKED", "LAST DEFERRAL", "MESSAGE",
]

/// What happened, in order of time.
private func steps(_ decision: DecisionShape) -> [(at: Int64, what: String)] {
    let effect = text(decision.disruption).map { ", " + $0 } ?? ""
    var steps = [(at: decision.announcedAtMs, what: "announced" + effect)]
    let waited = "after " + elapsed(decision.waitedMs)
    if let released = decision.releasedAtMs {
        var what = "released \(waited)"
        if let basis = decision.basis { what += ", " + reason(basis, decision) }
        steps.append((released, what))
    }
    guard let ended = decision.endedAtMs else { return steps }
    if let cancelled = decision.cancelled {
        steps.append((ended, "cancelled \(waited), by " + who(cancelled)))
    } else if let refused = decision.refused {
        steps.append((ended, "refused \(waited)" + cause(refused, ", because of ")))
    } else {
        let message = decision.message.map { ": " + shown($0) } ?? ""
        steps.append((ended, (decision.outcome?.word ?? "ended") + message))
    }
    return steps
}

/// Why the gate opened, and which components did not agree.
private func reason(_ basis: Basis, _ decision: DecisionShape) -> String {
    let overridden = names(in: decision) { $0 == .overridden }
    let silent = names(in: decision) { $0 == .silent || $0 == .gone }
    let cut = overridden.isEmpty ? "" : "; overridden: " + list(overridden)
    let rest = silent.isEmpty ? "" : "; silent: " + list(silent)
    return switch basis {
    case .consent where decision.participants.isEmpty: "no component was concerned"
    case .consent: "all components were ready" + last(decision)
    case .silence: "no answer from \(list(silent))"
    case .capped: "the budget of \(list(overridden)) was spent" + rest
    case .deadline: "the deadline had passed" + cut + rest
    case .forced: "forced" + (decision.forced.map { " by " + who($0) } ?? "") + cut + rest
    case .skipped: "no component was to be asked"
    case .unknown: "for a reason that this version does not know"
    }
}

private func names(
    in decision: DecisionShape,
    whose isWanted: (ParticipantState) -> Bool
) -> [String] {
    decision.participants.filter { $0.state.map(isWanted) ?? false }.map(\.component)
}

/// The component that became ready last; empty if there was only one.
private func last(_ decision: DecisionShape) -> String {
    let times = decision.participants.compactMap { $0.sinceAtMs }
    guard decision.participants.count > 1, let latest = times.max() else { return "" }
    let last = decision.participants.filter { $0.sinceAtMs == latest }.map(\.component)
    return last.count == decision.participants.count ? "" : "; last: " + list(last)
}

func who(_ one: ByWhomShape) -> String {
    actor(one.by) + (one.reason.isEmpty ? "" : ": " + shown(one.reason))
}

private func row(_ participant: DecidedParticipantShape, day: Substring) -> [String] {
    let deferral = participant.lastDeferral
    let message = participant.message == deferral?.message ? nil : participant.message
    return [
        shown(participant.component),
        participant.stateText,
        participant.sinceAtMs.map { time($0, day: day) } ?? "-",
        "\(participant.rounds)x",
        "\(participant.deferrals)x",
        elapsed(participant.blockedMs),
        deferral.map(text) ?? "-",
        message.map(shown) ?? "",
    ]
}

/// "10 min: recording"
private func text(_ deferral: LastDeferralShape) -> String {
    elapsed(deferral.grantedMs) + (deferral.message.map { ": " + shown($0) } ?? "")
}

/// The time of day; with the date, if it is not `day`.
private func time(_ milliseconds: Int64, day: Substring) -> String {
    let whole = localTime(milliseconds)
    return String(whole.hasPrefix(day) ? whole.dropFirst(11).prefix(8) : whole.prefix(19))
}
