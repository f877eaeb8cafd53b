// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// Which decisions of the history are wanted.
struct HistoryFilter: Hashable, Sendable {
    /// Only those that were made, or whose outcome came, so recently.
    var sinceMs: Int64?
    /// Only those in which this component took part. NAME means UNIT/NAME as well.
    var component: String?
    var outcome: Outcome?

    var isEmpty: Bool { self == HistoryFilter() }

    func takes(_ decision: DecisionShape, at now: Int64) -> Bool {
        let latest = decision.endedAtMs ?? decision.releasedAtMs ?? decision.announcedAtMs
        if let sinceMs, latest < now - sinceMs { return false }
        if let outcome, decision.outcome != outcome { return false }
        guard let component else { return true }
        return decision.participants.contains { participant in
            participant.component == component || participant.component.hasSuffix("/" + component)
        }
    }
}
