// SPDX-License-Identifier: Apache-2.0

package import Negotiation

// What an operator is shown of each update, and what a component comes too late for.

extension Oracle {
    /// What the negotiation shows of these updates, and the oracle does not.
    package func disagreements(
        with negotiation: Negotiation,
        on ids: [DeploymentID],
        at now: Instant
    ) -> [String] {
        let gates = gates(at: now)
        return ids.flatMap { id -> [String] in
            let update = negotiation.updates[id]
            let shown: Verdict? = update.map { update in
                update.opening.map { .open($0.basis) } ?? .shut(by: update.blockers)
            }
            let verdict = gates[id]?.verdict
            // The oracle knows no final asking, which a deadline may leave out.
            let isLeftOut = verdict == .open(.consent) && shown == .open(.deadline)
            let isSame = verdict == shown || shown == nil && verdict == .refused || isLeftOut
            let status = update?.status(at: now).participants ?? []
            let holders = holders(of: id)
            let names = (holders.underway + holders.asking).sorted().map { "update \($0)" }
            let listed = update?.status(at: now).blockedBy.filter { $0.hasPrefix("update ") } ?? []
            let isListed = update?.isWaiting != true || listed == names
            return (isListed ? [] : ["\(id) waits for \(names), and says for \(listed)"])
                + (isSame ? [] : ["\(id): \(spelled(shown)), and not \(spelled(verdict))"])
                + status.flatMap { gates[id]?.objections(to: $0, at: now) ?? [] }
        }
    }

    /// The gates with the time that has passed since the last event.
    private func gates(at now: Instant) -> [DeploymentID: GateAccount] {
        gates.mapValues { gate in
            var gate = gate
            gate.account(for: now - last)
            return gate
        }
    }

    private func spelled(_ verdict: Verdict?) -> String {
        switch verdict {
        case .shut(let names): "shut by \(names.joined(separator: " "))"
        case .open(let basis): "open on \(basis)"
        case .refused: "refused"
        case nil: "no update"
        }
    }

    /// The updates that a subscription comes too late for: released, or not to be deferred.
    package func underway(for one: Subscription, at now: Instant) -> [DeploymentID] {
        let gates = gates(at: now)
        return gates.keys.sorted().filter { id in
            guard let gate = gates[id], gate.verdict != .refused, gate.concerns(one) else {
                return false
            }
            return gate.refusal(ofDeferralBy: one.component, at: now) != nil
        }
    }
}

extension GateAccount {
    func concerns(_ one: Subscription) -> Bool {
        let wanted = request.components ?? []
        let isNamed =
            wanted.isEmpty || (wanted + policy.require).contains(where: one.component.answers)
        return isNamed && !isOwn(one) && !request.excused.contains(one.stream)
            && policy.notification == .notify
    }

    fileprivate func objections(to shown: ParticipantStatus, at now: Instant) -> [String] {
        let name = shown.component
        guard let account = accounts[name] else { return ["\(name) takes no part"] }
        let until = isShut ? account.stateEnd(before: deadline, at: now) : nil
        let left = until.map { max(.zero, $0 - now) }
        let used = min(account.used, account.budget)
        return
            (shown.isVeto == account.isVeto ? [] : ["\(name) is shown as a veto, or is one"])
            + (shown.state == account.state
                ? [] : ["\(name) is shown as \(shown.state), and is \(account.state)"])
            + (shown.until == left ? [] : ["\(name)'s state is shown to end at another time"])
            + (shown.blocked == used && shown.remaining == account.left(before: deadline, at: now)
                ? []
                : [
                    "\(name) is shown to have blocked \(shown.blocked), and has \(used), with "
                        + "\(shown.remaining) left, and has \(account.left(before: deadline, at: now))"
                ])
    }
}
