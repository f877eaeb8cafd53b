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
        [
            ("EVENT", "override"),
            ("DEPLOYMENT_ID", decision.deploymentID),
            ("REASON", decision.reason ?? ""),
            ("COMPONENT", participant.component),
            ("MESSAGE", participant.lastDeferral?.message ?? participant.message ?? ""),
            ("BASIS", basis),
            ("FORCED_BY", decision.forced?.by ?? ""),
            ("FORCE_REASON", decision.forced?.reason ?? ""),
        ].map { ("REPRIEVE_" + $0, $1) }
    }
}

/// Which overrides of the history are new. The history has an update twice: when its gate opens,
/// and again with its outcome.
struct OverrideRecord {
    private struct Key: Hashable {
        var id: String
        var announcedAtMs: Int64
        var component: String
    }

    /// Nil until the history is read for the first time: what is in it then is not new.
    private var known: Set<Key>?

    mutating func news(in history: HistoryShape) -> [Override] {
        let overrides = history.decisions.reversed().flatMap { decision in
            decision.overridden.map { Override(decision: decision, participant: $0) }
        }
        defer { known = Set(overrides.map(key)) }
        guard let known else { return [] }
        return overrides.filter { !known.contains(key($0)) }
    }

    private func key(_ override: Override) -> Key {
        Key(
            id: override.decision.deploymentID,
            announcedAtMs: override.decision.announcedAtMs,
            component: override.participant.component
        )
    }
}

extension DecisionShape {
    /// None where the gate never opened.
    fileprivate var overridden: [DecidedParticipantShape] {
        basis == nil ? [] : participants.filter { $0.state == .overridden }
    }
}
