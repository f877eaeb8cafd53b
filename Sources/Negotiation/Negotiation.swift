// SPDX-License-Identifier: Apache-2.0

/// All negotiations of one broker, as a value: which components are subscribed, which updates wait,
/// what was decided.
///
/// An event goes in with the instant at which it happened, and its consequences come out: what is
/// to be written down (`changes`), then sent (`actions`), and what was decided (`decisions`).
/// `nextDeadline` says when to come back with `timePassed` at the latest. Once everything that was
/// to be sent has been handed to the sockets, `sent` tells it so.
///
/// No clock, no timer, no socket: the same events give the same consequences. The rules are those
/// of `Protocol/negotiation.md`.
package struct Negotiation: Hashable, Sendable {
    /// New settings hold for later events; the budgets of updates that wait stay.
    package var settings: Settings
    /// The updates that wait or are released.
    package internal(set) var updates = SortedMap<Update>()
    /// The updates that have ended and whose posts may not have left yet.
    package internal(set) var departing = SortedMap<Update>()
    /// The updates that keep an update's gate shut while they are under way.
    var rivals: [DeploymentID: Set<DeploymentID>] = [:]
    /// The updates that keep those waiting of which they are rivals.
    var claims = Claims()
    var subscriptions = SortedMap<[Subscription]>()
    var returning = ReturningComponents()
    var endedUpdates = EndedUpdates()
    var owedPosts = OwedPosts()

    package init(settings: Settings = Settings()) {
        self.settings = settings
    }

    /// When `timePassed` is due; nil while nothing waits.
    package var nextDeadline: Instant? {
        mutating get {
            var next = returning.until
            for place in updates.places {
                next = earliest(next, updates[at: place].nextDeadline(settings))
            }
            return next
        }
    }

    package mutating func handle(_ event: Event, at now: Instant) -> Consequences {
        var handling = Handling(now: now, settings: settings)
        switch event {
        case .subscribed(let subscription): subscribe(subscription, &handling)
        case .unsubscribed(let stream, let component): unsubscribe(stream, component, &handling)
        case .hungUp(let peer, let component): hangUp(peer, component, &handling)
        case .lost(let peer, let component): lose(peer, component, &handling)
        case .answered(let answer): take(answer, &handling)
        case .announced(let request, let coordinator, let process):
            announce(request, coordinator, process, &handling)
        case .coordinatorLeft(let stream):
            coordinatorsLeft(&handling) { $0 == stream }
        case .completed(let id, let outcome, let message, let request):
            complete(id, outcome, message, request, &handling)
        case .cancelled(let id, let reason, let by, let request):
            let withdrawal = Withdrawal(deploymentID: id, by: by, reason: reason)
            cancel(withdrawal, request, &handling)
        case .forced(let id, let reason, let by, let request):
            force(id, Force(by: by, reason: reason), request, &handling)
        case .timePassed:
            for name in returning.takeMissing(at: now) { handling.note(.subscriber(name)) }
            forEachUpdate(&handling) { $0.timePassed(&$1) }
        case .slept(let asleep):
            returning.slept(asleep)
            forEachUpdate(&handling) { $0.slept(asleep, &$1) }
        case .sent: sent(&handling)
        case .restarted: restart(&handling)
        }
        settleRivals(&handling)
        return handling.consequences
    }

    /// In their `order`.
    mutating func forEachUpdate(
        _ handling: inout Handling,
        _ handle: (inout Update, inout Handling) -> Void
    ) {
        for id in order { withUpdate(id, &handling, handle) }
    }

    /// Lets an update handle something, and reports what that decided and changed. An update that
    /// has ended is removed.
    mutating func withUpdate(
        _ id: DeploymentID,
        isInTurn: Bool = false,
        _ handling: inout Handling,
        _ handle: (inout Update, inout Handling) -> Void
    ) {
        guard let place = updates.place(of: id) else { return }
        let before = updates.entries[place].written
        let areHoldersOthers = noteHolders(at: place, isInTurn: isInTurn, &handling)
        if areHoldersOthers { updates[at: place].giveWay(&handling) }
        handle(&updates[at: place], &handling)
        if areHoldersOthers { updates[at: place].settle(&handling) }
        updates[at: place].refreshSummary()
        if claims.note(id, updates.entries[place].claim) { handling.areClaimsOthers = true }
        guard updates.entries[place].written != before else { return }
        handling.note(.update(id))
        guard updates.entries[place].phase != before.phase else { return }
        switch updates.entries[place].phase {
        case .released: handling.decide(.released(updates.entries[place]))
        case .ended(let end): remove(id, before.phase, end, &handling)
        case .gathering, .askingVetoes, .finalAsking: break
        }
    }

    private mutating func remove(
        _ id: DeploymentID,
        _ before: Update.Phase,
        _ end: Ended,
        _ handling: inout Handling
    ) {
        guard var update = updates[id] else { return }
        updates[id] = nil
        removeRival(id, &handling)
        departing[id] = update
        let forgotten = endedUpdates.remember(id, end, limit: settings.maximumEnded)
        if let forgotten { handling.note(.ended(forgotten)) }
        handling.note(.ended(id))
        owedPosts.deliver(end.ending.post(id), after: update, to: subscriptions, &handling)
        update.phase = before
        handling.decide(.ended(update, end))
    }
}
