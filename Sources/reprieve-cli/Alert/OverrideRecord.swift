// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol
internal import ReprieveTypes

/// A component whose deferral an update did not wait for.
struct Override: Hashable, Sendable {
    var decision: DecisionShape
    var participant: DecidedParticipantShape

    var text: String {
        let name = shown(participant.component)
        return "\(shown(decision.deploymentID)) went ahead over \(name): \(basis)"
    }

    private var basis: String { (decision.basis ?? .unknown).rawValue }

    /// Every variable is always set, so that none is inherited.
    var environment: [(name: String, value: String)] {
        let variables: [(name: String, value: String)] = [
            ("EVENT", "override"),
            ("DEPLOYMENT_ID", decision.deploymentID),
            ("REASON", decision.reason ?? ""),
            ("COMPONENT", participant.component),
            ("MESSAGE", participant.lastDeferral?.message ?? participant.message ?? ""),
            ("BASIS", basis),
            ("FORCED_BY", decision.forced?.by ?? ""),
            ("FORCE_REASON", decision.forced?.reason ?? ""),
            ("OMITTED", String(decision.omittedOverridden)),
        ]
        return variables.map { ("REPRIEVE_" + $0, $1) }
    }
}

/// What is new in the history: components that were overridden.
struct OverrideNews: Sendable {
    var overrides: [Override] = []
    /// The history has forgotten decisions since it was read before.
    var hasGap = false

    /// The new decisions that overrode more components than they have room for.
    var shortened: [DecisionShape] {
        var decisions: [DecisionShape] = []
        for one in overrides.map(\.decision) where one.omittedOverridden > 0 {
            if decisions.last != one { decisions.append(one) }
        }
        return decisions
    }
}

/// Which overrides of the history are new. The history has an update from its release on, and with
/// its outcome from its end on. An earlier broker may forget it between the two.
struct OverrideRecord {
    private struct Update: Hashable {
        var id: String
        var announcedAtMs: Int64
    }
    private struct Key: Hashable {
        var update: Update
        var component: String
    }

    /// Nil until the history is read for the first time: what is in it then is not new.
    private var known: Set<Key>?
    private var newest: Update?

    mutating func news(in history: HistoryShape, of status: StatusShape) -> OverrideNews {
        let overrides = history.decisions.reversed().flatMap { decision in
            decision.overridden.map { Override(decision: decision, participant: $0) }
        }
        let underway = Set(status.updates.filter { $0.state == .released }.map(\.deploymentID))
        let before = known
        known = Set(overrides.map(key))
            .union(before?.filter { underway.contains($0.update.id) } ?? [])
        let last = newest
        // Decisions without an outcome come first, however old they are.
        let latest = history.decisions.first { $0.endedAtMs != nil } ?? history.decisions.first
        newest = latest.map(update)
        guard let before else { return OverrideNews() }
        return OverrideNews(
            overrides: overrides.filter { !before.contains(key($0)) },
            hasGap: last.map { !history.decisions.map(update).contains($0) } ?? false
        )
    }

    private func update(_ decision: DecisionShape) -> Update {
        Update(id: decision.deploymentID, announcedAtMs: decision.announcedAtMs)
    }

    private func key(_ override: Override) -> Key {
        Key(update: update(override.decision), component: override.participant.component)
    }
}

extension DecisionShape {
    /// None where the gate never opened.
    fileprivate var overridden: [DecidedParticipantShape] {
        basis == nil ? [] : participants.filter { $0.state == .overridden }
    }
}
