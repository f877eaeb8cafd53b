// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// The scopes that hold updates back.
extension ParticipationStateMachine {
    /// The reason of the latest scope that holds updates back; nil without one.
    var why: String? { scopes.last { !$0.isDraining }?.why }

    mutating func open(
        _ id: ScopeID,
        _ why: String,
        _ ifUnderway: IfUnderway,
        _ ifWaiting: IfWaiting
    ) {
        let isFirstWord = !hasSpoken
        hasSpoken = true
        let scope = DeferringScope(
            id: id,
            why: why,
            ifUnderway: ifUnderway,
            ifWaiting: ifWaiting,
            startBy: now + ParticipationLimits.scopeStart
        )
        scopes.append(scope)
        if scope.isDraining {
            openDraining(id, isFirstWord)
        } else {
            deferUpdates(for: id, why)
        }
        beginIfReady(id)
    }

    /// No update waits for this scope. Those that wait are answered as if there were none.
    private mutating func openDraining(_ id: ScopeID, _ isFirstWord: Bool) {
        for update in ids {
            if updates[update]?.isReleased ?? false { isUnderway(update, for: id) }
            if isFirstWord, updates[update]?.isAnswered == false { decide(update) }
        }
    }

    private mutating func deferUpdates(for id: ScopeID, _ why: String) {
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
    }

    mutating func close(_ id: ScopeID) {
        guard let index = index(of: id) else { return }
        let wasDraining = scopes.remove(at: index).isDraining
        guard !wasDraining else { return }
        for update in ids where updates[update]?.isDue ?? false {
            // What still waits says nothing new of an update that it can defer.
            if why == nil || updates[update]?.isReleased ?? false { decide(update) }
        }
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
        let waiting = scopes.filter { $0.waitsFor.contains(update) || $0.isDraining }
        for id in waiting.map(\.id) {
            if let index = index(of: id) { scopes[index].waitsFor.remove(update) }
            beginIfReady(id)
        }
    }

    mutating func caughtUp() {
        awaitsNotices = false
        for id in scopes.map(\.id) { beginIfReady(id) }
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
                    let text = "the update \(printable(update)) is under way, despite"
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
        if scopes[index].isDraining {
            if awaitsNotices { return }
            if let update = ids.first(where: { updates[$0]?.isWaiting ?? false }) {
                return drain(update, for: scopes[index])
            }
        }
        scopes[index].hasBegun = true
        act(.begin(id))
        for update in ids { warn(update) }
    }

    /// The scope goes on when the update is over.
    private mutating func drain(_ update: String, for scope: DeferringScope) {
        guard scope.ifWaiting == .throw else { return }
        act(.refuseWaiting(scope.id, deploymentID: update))
        close(scope.id)
    }

    private func index(of id: ScopeID) -> Int? { scopes.firstIndex { $0.id == id } }

    /// Tells each open scope once that an update will stop waiting.
    mutating func warn(_ update: String) {
        guard let end = updates[update]?.endsAt else { return }
        let left = max(.zero, end - now)
        for index in scopes.indices where scopes[index].hasBegun {
            guard scopes[index].warnedOf.insert(update).inserted else { continue }
            let time = "in \(left.components.seconds) s"
            let text = "the update \(printable(update)) stops waiting \(time), despite"
            act(.log("\(text): \(scopes[index].shownWhy)"))
            act(.warn(scopes[index].id, LastCall(deploymentID: update, timeLeft: left)))
        }
    }
}
