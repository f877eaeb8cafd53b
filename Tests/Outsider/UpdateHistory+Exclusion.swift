// SPDX-License-Identifier: Apache-2.0

import Negotiation

// What other updates and vetoes do to an update. The numbers are those of the invariants.

extension UpdateHistory {
    /// 8: no gate opens but by force, or where no component is asked, before each veto has said
    /// yes, on a subscription that is still there, and finally where it acts on final notices.
    func objectToOverruling(
        _ update: Update,
        _ subscriptions: [StreamID: Subscription],
        at now: Instant
    ) -> [String] {
        guard let basis = update.opening?.basis, basis != .forced, basis != .skipped else {
            return []
        }
        let participants = update.status(at: now).participants
        return concernedVetoes.flatMap { veto -> [String] in
            let own = participants.filter { $0.component.meets(veto, rules) }
            if own.isEmpty {
                return ["8: \(update.id) was released without \(veto), which has a veto"]
            }
            return own.map(\.component).filter { name in
                !hasAgreed(name, subscriptions, own.first { $0.component == name }?.state)
            }
            .map { "8: \(update.id) was released without the yes of \($0)" }
        }
    }

    /// Whose yes the update needs, subscribed or not.
    var concernedVetoes: [ComponentName] {
        let wanted = (request.components ?? []) + policy.require
        let isAll = request.components?.isEmpty ?? true
        guard !request.isShutdown else { return [] }
        return rules.vetoes.filter { isAll || wanted.contains(where: $0.answers) }
    }

    private func hasAgreed(
        _ name: ComponentName,
        _ subscriptions: [StreamID: Subscription],
        _ state: ParticipantState?
    ) -> Bool {
        let all = subscriptions.values.filter { $0.component == name }
        let own = all.filter(concerns)
        let isExcused = own.isEmpty && excusedVetoes.contains(name)
        let isFinal = own.allSatisfy(isSure)
        return state == .acknowledged && (isExcused || !own.isEmpty && isFinal)
    }

    /// Another update's opening, and a veto's silence, end a final asking.
    mutating func noteInterruption(
        _ transition: Transition,
        _ subscriptions: [StreamID: Subscription],
        _ settings: Settings
    ) {
        for one in subscriptions.values where isOwn(one) && rules.isVeto(one.component, in: request)
        {
            excusedVetoes.insert(one.component)
        }
        guard !finals.isEmpty, transition.after.updates[request.deploymentID]?.isWaiting ?? false
        else { return }
        if transition.opened.contains(where: { request.waits(for: $0.request) }) {
            interruptions += 1
            return takeWordsBack(transition)
        }
        for name in fallenVetoes(transition) {
            endFinalAsking(transition, subscriptions, settings, by: name)
        }
    }

    /// A final asking can begin and be ended by another update's opening in one event.
    mutating func noteEarlyEnd(_ transition: Transition) {
        let notices = transition.actions.compactMap { action -> Notice? in
            guard case .notify(_, let notice) = action, !notice.lastCall else { return nil }
            return notice.deploymentID == request.deploymentID ? notice : nil
        }
        let isOpened = transition.opened.contains { request.waits(for: $0.request) }
        guard isOpened, notices.last?.final == false, !finals.isEmpty else { return }
        interruptions += 1
        takeWordsBack(transition)
    }

    /// The vetoes that have become silent or gone, and had time to answer.
    private func fallenVetoes(_ transition: Transition) -> [ComponentName] {
        guard policy.responseTimeout > .zero, deadline > transition.now else { return [] }
        let isOut = { (negotiation: Negotiation, name: ComponentName) in
            let state = negotiation.updates[request.deploymentID]?.participants[name]?.state
            return state == .silent || state == .gone
        }
        return vetoes(transition).sorted().filter { name in
            !isOut(transition.before, name) && isOut(transition.after, name)
        }
    }

    /// The participants that have a veto.
    func vetoes(_ transition: Transition) -> Set<ComponentName> {
        let id = request.deploymentID
        let update = transition.after.updates[id] ?? transition.before.updates[id]
        return Set(update?.participants.names.filter { rules.isVeto($0, in: request) } ?? [])
    }

    /// All go back to work. From the deadline's last call on a veto's question stays final, and its
    /// word stands, unless it is the one that defers.
    mutating func takeWordsBack(_ transition: Transition, by name: ComponentName? = nil) {
        let isLate = callAt <= transition.now
        let stands = { [rules, request] (other: ComponentName) in
            isLate && rules.isVeto(other, in: request)
        }
        (finals, finalAskingSince) = ([], nil)
        finalRounds = finalRounds.filter { stands($0.key) }
        sure = sure.filter { $0.key != name && stands($0.key) }
    }
}

extension Transition {
    /// The gates that opened, in their order.
    var opened: [Update] {
        consequences.decisions.compactMap { decision in
            if case .released(let update) = decision { update } else { nil }
        }
    }
}
