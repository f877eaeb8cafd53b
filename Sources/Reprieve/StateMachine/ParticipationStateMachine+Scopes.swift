// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// The scopes that hold updates back.
extension ParticipationStateMachine {
    /// The reason of the latest scope; nil without one.
    var why: String? { scopes.last?.why }

    mutating func open(_ id: ScopeID, _ why: String, _ ifUnderway: IfUnderway) {
        hasSpoken = true
        let startBy = now + ParticipationLimits.scopeStart
        scopes.append(DeferringScope(id: id, why: why, ifUnderway: ifUnderway, startBy: startBy))
        for update in ids where updates[update]?.outcome == nil {
            guard let index = index(of: id) else { return }
            // The gate waits for the closure already. A deferral would end a final asking.
            if updates[update]?.isAwaited ?? false { continue }
            if updates[update]?.isReleased ?? false {
                isUnderway(update, for: id)
            } else if let answer = answer(update, ParticipationLimits.onItsBehalf, why) {
                scopes[index].pending.insert(answer)
            } else if updates[update]?.gaveFinal ?? false {
                isUnderway(update, for: id)
            }
        }
        beginIfReady(id)
    }

    mutating func close(_ id: ScopeID) {
        scopes.removeAll { $0.id == id }
        guard scopes.isEmpty else { return }
        for update in ids where updates[update]?.isDue ?? false { decide(update) }
    }

    /// The broker has replied to a deferral for which scopes wait. `refusal` is not nil if the
    /// update is under way.
    mutating func settle(_ answer: AnswerID, _ update: String, refusal: Refusal?) {
        for id in scopes.filter({ $0.pending.contains(answer) }).map(\.id) {
            guard let index = index(of: id) else { continue }
            scopes[index].pending.remove(answer)
            if let refusal { isUnderway(update, for: id, refusal.reason) }
            beginIfReady(id)
        }
    }

    /// Why the broker refused a deferral, if it said so.
    struct Refusal {
        var reason: String?
    }

    mutating func releaseScopes(thatWaitFor update: String) {
        for id in scopes.filter({ $0.waitsFor.contains(update) }).map(\.id) {
            if let index = index(of: id) { scopes[index].waitsFor.remove(update) }
            beginIfReady(id)
        }
    }

    /// The broker has said which updates are under way, or there is no broker.
    mutating func endWaitForBroker() {
        awaitsBroker = false
        for id in scopes.map(\.id) { beginIfReady(id) }
    }

    /// When a scope begins without the broker's word.
    var nextScopeStart: Moment? {
        guard awaitsBroker else { return nil }
        return scopes.first { !$0.hasBegun && $0.waitsFor.isEmpty }?.startBy
    }

    /// These updates can only be waited for.
    mutating func areUnderway(_ underway: [String]) {
        for update in underway where hasRoom(for: update) {
            updates[update, default: PendingUpdate(underway: update, at: now)].isReleased = true
            for scope in scopes where updates[update]?.outcome == nil {
                if scope.hasBegun {
                    let text = "the update \(printable(update)) goes ahead, despite"
                    act(.log("\(text): \(scope.shownWhy)"))
                } else {
                    isUnderway(update, for: scope.id)
                }
            }
        }
    }

    private mutating func isUnderway(_ update: String, for id: ScopeID, _ reason: String? = nil) {
        guard let index = index(of: id) else { return }
        switch scopes[index].ifUnderway {
        case .wait: scopes[index].waitsFor.insert(update)
        case .throw:
            act(.refuse(id, deploymentID: update, reason: reason))
            close(id)
        }
    }

    private mutating func beginIfReady(_ id: ScopeID) {
        guard let index = index(of: id), !awaitsBroker, !scopes[index].hasBegun,
            scopes[index].pending.isEmpty, scopes[index].waitsFor.isEmpty
        else { return }
        scopes[index].hasBegun = true
        act(.begin(id))
        for update in ids { warn(update) }
    }

    private func index(of id: ScopeID) -> Int? { scopes.firstIndex { $0.id == id } }

    /// Tells each open scope once that an update will go ahead.
    mutating func warn(_ update: String) {
        guard let end = updates[update]?.endsAt else { return }
        let left = max(.zero, end - now)
        for index in scopes.indices where scopes[index].hasBegun {
            guard scopes[index].warnedOf.insert(update).inserted else { continue }
            let time = "in \(left.components.seconds) s"
            let text = "the update \(printable(update)) goes ahead \(time), despite"
            act(.log("\(text): \(scopes[index].shownWhy)"))
            act(.warn(scopes[index].id, LastCall(deploymentID: update, timeLeft: left)))
        }
    }
}
