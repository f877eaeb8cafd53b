// SPDX-License-Identifier: Apache-2.0

import Negotiation

// Between updates. The numbers are those of the invariants.

extension UpdateHistory {
    /// 7 and 8, where a gate opens by itself.
    func objectToExclusion(_ transition: Transition) -> [String] {
        let id = request.deploymentID
        guard let update = transition.after.updates[id], let basis = update.opening?.basis,
            transition.before.updates[id]?.opening == nil, basis != .forced, basis != .skipped,
            !request.isShutdown
        else { return [] }
        let conflicting = transition.after.updates.entries.filter { other in
            other.id != id && other.opening != nil && conflicts(with: other.request)
        }
        let vetoes = update.status(at: transition.now).participants.filter(\.isVeto)
        let isAgreed = vetoes.allSatisfy { $0.state == .acknowledged }
        return (conflicting.isEmpty ? [] : ["7: opened beside \(conflicting.map(\.id))"])
            + (isAgreed ? [] : ["8: opened without the yes of a veto"])
    }

    private func conflicts(with other: UpdateRequest) -> Bool {
        guard other.isExclusive, !other.isShutdown else { return false }
        if request.isShutdown { return !other.disruption.isSameShutdown(as: request.disruption) }
        guard request.isExclusive else { return false }
        let isLarge = request.disruption != .components || other.disruption != .components
        let (ours, theirs) = (request.components ?? [], other.components ?? [])
        if isLarge || ours.isEmpty || theirs.isEmpty { return true }
        return (ours + policy.require).contains { name in
            (theirs + other.policy.require).contains {
                $0.answers(to: name) || name.answers(to: $0)
            }
        }
    }

    /// A final asking that another update, or a veto's silence, has ended: who acted goes back to
    /// work, and may be asked finally once more.
    mutating func noteInterruption(_ transition: Transition) {
        let id = request.deploymentID
        guard !finals.isEmpty, let before = transition.before.updates[id],
            let after = transition.after.updates[id], after.isWaiting
        else { return }
        let opened = transition.after.updates.entries.contains { other in
            other.opening != nil && transition.before.updates[other.id]?.opening == nil
                && other.id != id && conflicts(with: other.request)
        }
        let old = before.status(at: transition.now).participants
        let isSilent = after.status(at: transition.now).participants.contains { new in
            new.isVeto && new.blocks && (new.state == .silent || new.state == .gone)
                && old.contains {
                    $0.component == new.component && ($0.state == .asked || $0.state == .away)
                }
        }
        guard opened || isSilent, transition.event == .timePassed || opened else { return }
        takeWordsBack(transition)
        interruptions += 1
        if isSilent { breaks += 1 }
    }

    func vetoes(_ transition: Transition) -> Set<ComponentName> {
        let update = transition.after.updates[request.deploymentID]
        let participants = update?.status(at: transition.now).participants ?? []
        return Set(participants.filter(\.isVeto).map(\.component))
    }

    /// No final word stands, but for those of vetoes after the deadline's last call.
    mutating func takeWordsBack(_ transition: Transition, by name: ComponentName? = nil) {
        let late = callAt <= transition.now ? vetoes(transition) : []
        finals = []
        finalAskingSince = nil
        finalRounds = finalRounds.filter { late.contains($0.key) }
        sure.formIntersection(late.subtracting([name ?? ""]))
    }
}
