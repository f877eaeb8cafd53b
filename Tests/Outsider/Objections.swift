// SPDX-License-Identifier: Apache-2.0

import Negotiation

// What an update's books object to. The numbers are those of the invariants.

extension Life {
    /// 1: on consent nobody who acts on a final notice is without its final word, and nobody's
    /// word is stale.
    func objectToRelease(_ entry: Ledger.Entry, _ ears: [StreamID: Subscription]) -> [String] {
        let id = request.deploymentID
        guard let release = entry.after.updates[id]?.release, release.basis == .consent,
            entry.before.updates[id]?.release == nil
        else { return [] }
        var objections: [String] = []
        for ear in ears.values where concerns(ear) {
            let name = ear.component
            if ear.confirm, !sure.contains(name) {
                objections.append("1: released on consent without \(name)'s final word")
            }
            let age = acknowledged[name].map { entry.now - $0 }
            if finalRounds[name] == nil, age.map({ $0 > policy.responseTimeout * 2 }) ?? true {
                objections.append("1: released on \(name)'s stale word")
            }
        }
        return objections
    }

    /// 2, 5, and what an operator sees.
    mutating func objectToStatus(_ entry: Ledger.Entry, _ settings: Settings) -> [String] {
        let id = request.deploymentID
        var objections: [String] = []
        let before = entry.before.updates[id]?.status(at: entry.now)
        let after = entry.after.updates[id]?.status(at: entry.now)
        if before != after, !entry.actions.contains(.changed(id)) {
            objections.append("the status changed, and nobody was told")
        }
        // An answer can be the question's last and bring about the next.
        let isNews = entry.actions.contains { action in
            switch action {
            case .notify, .attached, .granted: true
            default: false
            }
        }
        if before == after, !isNews, entry.actions.contains(.changed(id)) {
            objections.append("nothing changed, and everybody was told")
        }
        guard let after, !after.isReleased else { return objections }
        if !coordinators.isEmpty, after.blockedBy.isEmpty {
            objections.append("it waits for nobody")
        }
        if entry.event == .timePassed { objections += objectToDelay(at: entry.now) }
        for name in after.blockedBy where !blockers.contains(name) { wordless[name] = .zero }
        blockers = after.blockedBy
        return objections + objectToBlockers(entry, settings)
    }

    private func objectToDelay(at now: Instant) -> [String] {
        let end = unattendedUntil ?? deadline
        return end <= now ? ["2: it waits beyond its end"] : []
    }

    private func objectToBlockers(_ entry: Ledger.Entry, _ settings: Settings) -> [String] {
        let budget = policy.maxTotalDefer + asleep + policy.responseTimeout * sleeps
        let patience = policy.responseTimeout + settings.reconnectGrace * (1 + restarts)
        return blockers.flatMap { name -> [String] in
            let isLate = entry.event == .timePassed && used[name, default: .zero] >= budget
            let isMute = wordless[name, default: .zero] > patience
            return (isLate ? ["5: \(name) blocks beyond its budget"] : [])
                + (isMute ? ["5: \(name) blocks without a word"] : [])
        }
    }

    /// 6: a death of ours shortens no deferral, refunds no budget, closes no released gate.
    func objectToRestart(_ entry: Ledger.Entry) -> [String] {
        let id = request.deploymentID
        guard entry.event == .restarted,
            let before = entry.before.updates[id]?.status(at: entry.now)
        else { return [] }
        guard let after = entry.after.updates[id]?.status(at: entry.now) else {
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

    /// Whoever subscribes in mid-negotiation is asked at once, unless its deferral runs or was cut.
    func objectToWelcome(
        _ entry: Ledger.Entry,
        _ ears: [StreamID: Subscription]
    ) -> [String] {
        let id = request.deploymentID
        guard case .subscribed(let one) = entry.event, concerns(one),
            entry.before.updates[id]?.isWaiting ?? false,
            let status = entry.after.updates[id]?.status(at: entry.now),
            let state = status.participants.first(where: { $0.component == one.component })?.state
        else { return [] }
        let isAsked = entry.actions.contains { action in
            guard case .notify(one.stream, let notice) = action else { return false }
            return notice.deploymentID == id && !notice.lastCall
        }
        let isExempt = state == .deferred || state == .overridden
        return isAsked || isExempt ? [] : ["whoever subscribed was not asked"]
    }

    /// A participant's consent is always heard; who is absent or gone, or says nonsense, is not.
    func objectToHearing(
        _ entry: Ledger.Entry,
        _ ears: [StreamID: Subscription]
    ) -> [String] {
        let id = request.deploymentID
        guard case .answered(let answer) = entry.event, answer.deploymentID == id,
            let status = entry.before.updates[id]?.status(at: entry.now)
        else { return [] }
        let isHeard = entry.actions.contains { action in
            if case .granted = action { true } else { false }
        }
        let state = status.participants.first { $0.component == answer.component }?.state
        let isThere = state != nil && state != .absent && state != .gone
        if isHeard, !isThere || answer.deferral < .zero {
            return ["an answer counted that is none"]
        }
        let isConsent = answer.deferral == .zero
        if isConsent, isThere, !isHeard { return ["somebody's consent was not heard"] }
        // What follows a consent, if anything, is the final asking.
        let isAskedAgain = entry.actions.contains { action in
            guard case .notify(let stream, let notice) = action, !notice.final else { return false }
            return notice.deploymentID == id && ears[stream]?.component == answer.component
        }
        return isConsent && isAskedAgain ? ["whoever consented was asked the same again"] : []
    }

    /// In the final asking nobody plain is asked whose word is still fresh.
    func objectToPestering(
        _ entry: Ledger.Entry,
        _ ears: [StreamID: Subscription]
    ) -> [String] {
        if case .subscribed = entry.event { return [] }
        let id = request.deploymentID
        let participants = entry.before.updates[id]?.participants ?? Roll()
        let isPestered = entry.actions.contains { action in
            guard case .notify(let stream, let notice) = action, notice.final, !notice.lastCall,
                notice.deploymentID == id, let name = ears[stream]?.component,
                participants[name]?.state == .acknowledged
            else { return false }
            let isPlain = !ears.values.contains { $0.component == name && $0.confirm }
            let age = acknowledged[name].map { entry.now - $0 } ?? .zero
            return isPlain && age <= policy.responseTimeout * 2
        }
        return isPestered ? ["a fresh word was asked for again"] : []
    }

    /// At its announcement everyone concerned is told, and the names that nobody has are listed.
    func objectToNames(_ entry: Ledger.Entry, _ ears: [StreamID: Subscription]) -> [String] {
        let id = request.deploymentID
        guard case .announced(request, let coordinator, _) = entry.event,
            entry.before.updates[id] == nil
        else { return [] }
        let concerned = ears.values.filter(concerns)
        let isToldTo = { (ear: Subscription) in
            entry.actions.contains { action in
                if case .notify(ear.stream, let notice) = action {
                    notice.deploymentID == id
                } else {
                    false
                }
            }
        }
        let unmatched = Set(request.components ?? []).filter { name in
            !concerned.contains { $0.component.answers(to: name) }
        }
        let isListed = entry.actions.contains { action in
            guard case .attached(coordinator, let attachment) = action else { return false }
            return policy.notification == .skip
                || attachment.unmatched.sorted() == unmatched.sorted()
        }
        return (concerned.allSatisfy(isToldTo) ? [] : ["not everyone concerned was told"])
            + (isListed ? [] : ["the names that matched nobody are others"])
    }
}
