// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// Why a past update went ahead, or did not, in sentences: on what ground, what each component did
/// about it, who forced it, and how it ended.
func explanation(of decision: DecisionShape, at now: Int64) -> [String] {
    let name = "Update " + named(decision.deploymentID, decision.reason)
    return [name + " " + verdict(on: decision, at: now) + "."]
        + deeds(in: decision, at: now) + [force(on: decision)].compactMap { $0 }
        + [end(of: decision, at: now)].compactMap { $0 }
}

private func verdict(on decision: DecisionShape, at now: Int64) -> String {
    let waited = ", after " + elapsed(decision.waitedMs)
    if let released = decision.releasedAtMs {
        let ground = decision.basis.map { ", " + text($0, decision) } ?? ""
        return "went ahead \(clockTime(released, now: now))" + waited + ground
    }
    let ended = decision.endedAtMs.map { clockTime($0, now: now) } ?? "at an unknown time"
    if let refused = decision.refused {
        return "was refused \(ended)" + waited + cause(refused, ", because of ")
    }
    let by = decision.cancelled.map { ", by " + who($0) } ?? ""
    return "was cancelled \(ended)" + waited + by
}

/// ": no answer from arm", or after these words the name of the component, and the reason if that
/// does not name it.
func cause(_ refused: ByWhomShape, _ words: String) -> String {
    let isNamed = refused.reason.contains(refused.by)
    return isNamed ? ": " + shown(refused.reason) : words + who(refused)
}

private func text(_ basis: Basis, _ decision: DecisionShape) -> String {
    switch basis {
    case .consent where decision.participants.isEmpty: "as it concerned no component"
    case .consent: "by consent: all components were ready"
    case .silence: "by silence: no component that answered still blocked it"
    case .capped: "by cap: a component had used all the time that it may block an update"
    case .deadline: "by deadline"
    case .forced: "by force"
    case .skipped: "without asking: it was announced that way"
    case .unknown: "for a reason that this version does not know"
    }
}

// MARK: - What the components did

private func deeds(in decision: DecisionShape, at now: Int64) -> [String] {
    let ready = decision.participants.filter { $0.state == .acknowledged && $0.deferrals == 0 }
    let others = decision.participants.filter { $0.state != .acknowledged || $0.deferrals > 0 }
    var sentences = others.prefix(explainedComponents).map { sentence($0, at: now) + "." }
    let left = Int64(others.count - sentences.count) + decision.omitted
    if left > 0 { sentences.append("\(count(Int(left), "more component")) took part.") }
    if !ready.isEmpty {
        sentences.append("Ready without a deferral: \(list(ready.map(\.component))).")
    }
    return sentences
}

/// "camera deferred 7 times, last for 10 min (recording), blocked it for 3 h and was overridden"
private func sentence(_ participant: DecidedParticipantShape, at now: Int64) -> String {
    var parts: [String] = []
    if participant.deferrals > 0 {
        parts.append("deferred \(times(participant.deferrals))" + last(participant))
    }
    if participant.blockedMs >= 1_000 {
        parts.append("blocked it for \(elapsed(participant.blockedMs))")
    }
    parts.append(standing(participant, at: now))
    let head = parts.dropLast().joined(separator: ", ")
    return shown(participant.component) + " " + (head.isEmpty ? "" : head + " and ")
        + (parts.last ?? "")
}

private func last(_ participant: DecidedParticipantShape) -> String {
    guard let deferral = participant.lastDeferral else { return "" }
    let reason = deferral.message.map { $0.isEmpty ? "" : " (\(shown($0)))" } ?? ""
    return ", last for " + elapsed(deferral.grantedMs) + reason
}

private func standing(_ participant: DecidedParticipantShape, at now: Int64) -> String {
    let since = participant.sinceAtMs.map { " " + clockTime($0, now: now) } ?? ""
    return switch participant.state {
    case .acknowledged: "was ready" + since
    case .overridden: "was overridden"
    case .silent where participant.rounds == 0: "was not connected"
    case .silent: "did not answer in time"
    case .gone: "hung up and did not return"
    case .absent: "was not connected"
    case .away: "had hung up"
    case .asked: "had not answered yet"
    case .deferred: "was still deferring it"
    default: "was " + participant.stateText
    }
}

// MARK: - Force and end

/// Said also where nobody forced it, where a component was not waited for.
private func force(on decision: DecisionShape) -> String? {
    if let forced = decision.forced { return "It was forced by " + who(forced) + "." }
    let isCut = decision.participants.contains { $0.state == .overridden }
    return isCut ? "It was forced by nobody." : nil
}

private func end(of decision: DecisionShape, at now: Int64) -> String? {
    guard decision.releasedAtMs != nil else { return nil }
    guard let ended = decision.endedAtMs, let outcome = decision.outcome else {
        return "It is under way; its outcome is not known yet."
    }
    let message = decision.message.map { $0.isEmpty ? "" : ": " + shown($0) } ?? ""
    guard outcome != .unknown else {
        return "It was given up \(clockTime(ended, now: now)): its outcome is unknown."
    }
    return "It ended \(clockTime(ended, now: now)): \(outcome.word)" + message + "."
}
