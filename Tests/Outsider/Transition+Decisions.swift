// SPDX-License-Identifier: Apache-2.0

import Negotiation

// What was decided, as the negotiation before and after shows.

extension Transition {
    /// Each decision has to be reported exactly once, and nothing else.
    package var objectionsToDecisions: [String] {
        let expected = answered + gates
        // Updates go one after the other, not by their ids.
        let isSame =
            consequences.decisions.count == expected.count
            && Set(consequences.decisions) == Set(expected)
        return isSame ? [] : ["other decisions were reported than made"]
    }

    /// What the event's reply says.
    private var answered: [Decision] {
        switch event {
        case .announced(let request, let coordinator, _):
            let id = request.deploymentID
            let isRefused = actions.contains { action in
                if case .failed(coordinator, _) = action { true } else { false }
            }
            return before.updates[id] == nil && !isRefused ? [.announced(id)] : []
        case .answered(let answer) where answer.deferral > .zero:
            return actions.compactMap { action in
                guard case .granted(answer.request, let grant) = action else { return nil }
                return .deferred(answer, grant)
            }
        case .forced(let id, let reason, let by, _):
            let isWaiting = before.updates[id]?.isWaiting ?? false
            return isWaiting ? [.forced(id, Force(by: by, reason: reason))] : []
        default: return []
        }
    }

    /// The gates that opened, and the updates that are gone.
    private var gates: [Decision] {
        let ids = Set(before.updates.names + after.updates.names + after.departing.names)
        return ids.sorted().compactMap { id in
            let old = before.updates[id]
            if let new = after.updates[id] {
                return new.opening != nil && old?.opening == nil ? .released(new) : nil
            }
            guard var update = after.departing[id], update != before.departing[id],
                case .ended(let end) = update.phase
            else { return nil }
            update.phase = old?.phase ?? .gathering
            return .ended(update, end)
        }
    }
}
