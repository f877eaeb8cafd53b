// SPDX-License-Identifier: Apache-2.0

import Negotiation

// What must not happen to an update. The numbers are those of the invariants.

extension UpdateHistory {
    /// 1: on consent every component that acts on a final notice has given its final word, and no
    /// acknowledgement is stale.
    func objectToRelease(_ transition: Transition, _ subscriptions: [StreamID: Subscription])
        -> [String]
    {
        let id = request.deploymentID
        guard let opening = transition.after.updates[id]?.opening, opening.basis == .consent,
            transition.before.updates[id]?.opening == nil
        else { return [] }
        var objections: [String] = []
        for subscription in subscriptions.values where concerns(subscription) {
            let name = subscription.component
            if !isSure(subscription) {
                objections.append("1: released on consent without \(name)'s final word")
            }
            let age = consent(of: subscription).map { (finalAskingSince ?? transition.now) - $0 }
            if finalRounds[name] == nil, age.map({ $0 > policy.responseTimeout * 2 }) ?? true {
                objections.append("1: released on \(name)'s stale word")
            }
        }
        return objections
    }

    /// Its process has given its final word, or need not.
    func isSure(_ one: Subscription) -> Bool {
        !one.confirm || sure[one.component]?.contains(one.process) ?? false
    }

    /// 2, 5, and what an operator sees.
    mutating func objectToStatus(_ transition: Transition, _ settings: Settings) -> [String] {
        let id = request.deploymentID
        var objections: [String] = []
        let before = transition.before.updates[id]?.status(at: transition.now)
        let after = transition.after.updates[id]?.status(at: transition.now)
        if before != after, !transition.actions.contains(.changed(id)) {
            objections.append("the status changed, and nobody was told")
        }
        // An answer can be the question's last and bring about the next.
        let isNews = transition.actions.contains { action in
            switch action {
            case .notify, .attached, .granted: true
            default: false
            }
        }
        if before == after, !isNews, transition.actions.contains(.changed(id)) {
            objections.append("nothing changed, and everybody was told")
        }
        guard let after, !after.isReleased else { return objections }
        if !coordinators.isEmpty, after.blockedBy.isEmpty {
            objections.append("it waits for nobody")
        }
        if transition.event == .timePassed { objections += objectToDelay(at: transition.now) }
        // Another update, and a veto, may be waited for until the deadline.
        let vetoes = after.participants.filter(\.isVeto).map(\.component)
        let blocking = after.blockedBy.filter { !$0.hasPrefix("update ") && !vetoes.contains($0) }
        for name in blocking where !blockers.contains(name) { noteWord(of: name) }
        blockers = blocking
        return objections + objectToBlockers(transition, settings)
    }

    private func objectToDelay(at now: Instant) -> [String] {
        let end = unattendedUntil ?? deadline
        return end <= now ? ["2: it waits beyond its end"] : []
    }

    private func objectToBlockers(_ transition: Transition, _ settings: Settings) -> [String] {
        let slept = asleep + policy.responseTimeout * sleeps
        return blockers.flatMap { name -> [String] in
            let graces = 1 + restarts + (bereft.contains(name) ? 1 : 0)
            let patience = policy.responseTimeout + settings.reconnectGrace * graces
            let isLate =
                transition.event == .timePassed
                && used[name, default: .zero] >= budget(of: name) + slept
            let isMute = wordless[name, default: .zero] > patience
            return (isLate ? ["5: \(name) blocks beyond its budget"] : [])
                + (isMute ? ["5: \(name) blocks without a word"] : [])
        }
    }

    /// 6: a death of the broker shortens no deferral, refunds no budget, closes no released gate.
    func objectToRestart(_ transition: Transition) -> [String] {
        let id = request.deploymentID
        guard transition.event == .restarted,
            let before = transition.before.updates[id]?.status(at: transition.now)
        else { return [] }
        guard let after = transition.after.updates[id]?.status(at: transition.now) else {
            return ["6: an update was lost"]
        }
        var objections: [String] = []
        if before.isReleased, !after.isReleased { objections.append("6: a gate was closed") }
        for (old, new) in zip(before.participants, after.participants) {
            if old.state == .deferred, new.state != .deferred || new.until != old.until {
                objections.append("6: \(old.component)'s deferral was changed")
            }
            if new.remaining > old.remaining {
                objections.append("6: \(old.component)'s budget was refunded")
            }
        }
        return objections
    }

    /// A component that subscribes in mid-negotiation is asked at once, unless its deferral runs or
    /// was cut. While it runs, a process is told that comes beside others and has not deferred.
    func objectToWelcome(
        _ transition: Transition,
        _ subscriptions: [StreamID: Subscription]
    ) -> [String] {
        let id = request.deploymentID
        guard case .subscribed(let one) = transition.event, concerns(one),
            transition.before.updates[id]?.isWaiting ?? false,
            let status = transition.after.updates[id]?.status(at: transition.now),
            let state = status.participants.first(where: { $0.component == one.component })?.state
        else { return [] }
        let isAsked = transition.actions.contains { action in
            guard case .notify(one.stream, let notice) = action else { return false }
            return notice.deploymentID == id && !notice.lastCall
        }
        let others = subscriptions.values.filter {
            $0.component == one.component && $0.stream != one.stream && concerns($0)
        }
        let isNewcomer =
            !others.isEmpty && !others.contains { $0.process == one.process }
            && !deferrers[one.component, default: []].contains(one.process)
        let isOver = status.participants.contains {
            $0.component == one.component && $0.until == .zero
        }
        let isExempt = state == .deferred && (isOver || !isNewcomer) || state == .overridden
        return isAsked || isExempt ? [] : ["whoever subscribed was not asked"]
    }

    /// A participant's consent is always taken. An answer of one that is absent or gone is not
    /// while the update waits, nor is a negative deferral.
    func objectToHearing(
        _ transition: Transition,
        _ subscriptions: [StreamID: Subscription]
    ) -> [String] {
        let id = request.deploymentID
        guard case .answered(let answer) = transition.event, answer.deploymentID == id,
            let status = transition.before.updates[id]?.status(at: transition.now)
        else { return [] }
        let isHeard = transition.actions.contains { action in
            if case .granted = action { true } else { false }
        }
        let state = status.participants.first { $0.component == answer.component }?.state
        let isOut = state == .absent || state == .gone
        let isThere = state != nil && (!isOut || status.isReleased)
        if isHeard, !isThere || answer.deferral < .zero {
            return ["an answer counted that is none"]
        }
        let isConsent = answer.deferral == .zero
        if isConsent, isThere, !isHeard { return ["somebody's consent was not heard"] }
        // What follows a consent, if anything, is the final asking, or another process's question.
        let isAskedAgain = transition.actions.contains { action in
            guard case .notify(let stream, let notice) = action, !notice.final else { return false }
            let asked = subscriptions[stream]
            return notice.deploymentID == id && asked?.component == answer.component
                && asked?.process == answer.process
        }
        return isConsent && isAskedAgain ? ["whoever consented was asked the same again"] : []
    }

    /// In the final asking no plain component is asked whose acknowledgement is fresh.
    func objectToPestering(
        _ transition: Transition,
        _ subscriptions: [StreamID: Subscription]
    ) -> [String] {
        if case .subscribed = transition.event { return [] }
        let id = request.deploymentID
        let participants = transition.before.updates[id]?.participants ?? SortedMap()
        let isPestered = transition.actions.contains { action in
            guard case .notify(let stream, let notice) = action, notice.final, !notice.lastCall,
                notice.deploymentID == id, let name = subscriptions[stream]?.component,
                participants[name]?.state == .acknowledged, !isFreed(stream, subscriptions)
            else { return false }
            let acts = subscriptions.values.contains { $0.component == name && $0.confirm }
            let isPlain = !acts && !bereftOfActing.contains(name)
            let own = subscriptions.values.filter { $0.component == name }
            let oldest = own.compactMap { consent(of: $0) }.min()
            let age = oldest.map { transition.now - $0 } ?? .zero
            return isPlain && age <= policy.responseTimeout * 2
        }
        return isPestered ? ["a fresh word was asked for again"] : []
    }

    private func isFreed(_ stream: StreamID, _ subscriptions: [StreamID: Subscription]) -> Bool {
        subscriptions[stream].map { freed.contains($0.process) } ?? false
    }

    /// When a subscription's process last said 0, or another one that speaks for it.
    private func consent(of subscription: Subscription) -> Instant? {
        let consents = consents[subscription.component] ?? [:]
        return consents[subscription.process] ?? consents.values.max()
    }

    /// At its announcement every component concerned is told, and the names that none has are
    /// listed.
    func objectToNames(_ transition: Transition, _ subscriptions: [StreamID: Subscription])
        -> [String]
    {
        let id = request.deploymentID
        guard case .announced(request, let coordinator, _) = transition.event,
            transition.before.updates[id] == nil
        else { return [] }
        let concerned = subscriptions.values.filter(concerns)
        let isToldTo = { (subscription: Subscription) in
            transition.actions.contains { action in
                if case .notify(subscription.stream, let notice) = action {
                    notice.deploymentID == id
                } else {
                    false
                }
            }
        }
        let unmatched = Set(request.components ?? []).filter { name in
            !(concerned.map(\.component) + returning).contains { $0.answers(to: name) }
        }
        let isListed = transition.actions.contains { action in
            guard case .attached(coordinator, let attachment) = action else { return false }
            return policy.notification == .skip
                || attachment.unmatched.sorted() == unmatched.sorted()
        }
        return (concerned.allSatisfy(isToldTo) ? [] : ["not everyone concerned was told"])
            + (isListed ? [] : ["the names that matched nobody are others"])
    }
}
