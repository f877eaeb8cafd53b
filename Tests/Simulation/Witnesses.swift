// SPDX-License-Identifier: Apache-2.0

import BrokerStage
import Negotiation
import Outsider
import ReprieveBroker
import ReprieveProtocol

/// The outsiders that watch a history: the books, which know the invariants, and the oracle, which
/// knows when a gate may open.
struct Witnesses {
    private var ledger: Ledger
    private var oracle: Oracle

    init(settings: Settings) {
        ledger = Ledger(settings: settings)
        oracle = Oracle(settings: settings)
    }

    mutating func enter(_ minute: Minute) -> [String] {
        let entry = Ledger.Entry(
            minute.event,
            minute.actions,
            before: minute.before,
            after: minute.after,
            at: minute.instant
        )
        return hear(entry)
    }

    /// The broker died and is back.
    mutating func restarted(
        _ before: Negotiation,
        _ after: Negotiation,
        at now: Instant
    ) -> [String] {
        let changed = after.updates.names.filter { id in
            after.updates[id]?.status(at: now) != before.updates[id]?.status(at: now)
        }
        let actions = changed.map(Action.changed)
        return hear(Ledger.Entry(.restarted, actions, before: before, after: after, at: now))
    }

    private mutating func hear(_ entry: Ledger.Entry) -> [String] {
        // An announcement that is refused has not happened.
        let isTurnedAway = entry.actions.contains { action in
            if case .announced = entry.event, case .failed = action { true } else { false }
        }
        guard !isTurnedAway else { return [] }
        let objections = ledger.enter(entry)
        oracle.hear(entry.event, entry.actions, at: entry.now)
        return objections + disagreements(with: entry.after)
    }

    /// The machine and the oracle must say the same of every gate.
    private func disagreements(with negotiation: Negotiation) -> [String] {
        History.ids.compactMap { id in
            let machine: Oracle.Verdict? = negotiation.updates[id].map { update in
                update.release.map { .open($0.basis) } ?? .shut(by: update.blockers)
            }
            let oracle = oracle.verdict(on: id)
            if machine == oracle || machine == nil && oracle == .refused { return nil }
            // With no coordinator a deadline may pass unused; then both grounds are true.
            if case .open = oracle, machine == .open(.deadline) { return nil }
            return "\(id): the machine says \(text(machine)), the oracle \(text(oracle))"
        }
    }

    private func text(_ verdict: Oracle.Verdict?) -> String {
        switch verdict {
        case .shut(let names): "shut by \(names)"
        case .open(let basis): "open on \(basis)"
        case .refused: "refused"
        case nil: "nothing"
        }
    }
}

extension ClientConnection.Event {
    /// What is wrong with it in a client's eyes.
    var objections: [String] {
        switch self {
        case .event(_, let payload, _):
            let isKnown = notice != nil || post != nil || gate != nil || isStatus(payload)
            return isKnown ? [] : ["an event that is none"]
        case .reply: return ["a client was made to reply"]
        case .connected, .denied, .response, .failed, .ended, .broken: return []
        }
    }

    private func isStatus(_ payload: [UInt8]) -> Bool {
        (try? StatusEvent(decoding: payload, limits: .fromBroker)) != nil
    }
}
