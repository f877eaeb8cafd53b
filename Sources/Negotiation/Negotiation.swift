// SPDX-License-Identifier: Apache-2.0

/// All negotiations of one broker, as a value: who is subscribed, what is waiting, what was
/// decided. Events go in with the instant at which they happened, actions come out, and
/// `nextDeadline` says when to come back with `timePassed` at the latest.
///
/// No clock, no timer, no socket: the same events give the same actions. The rules are those of
/// `Protocol/negotiation.md`.
package struct Negotiation: Hashable, Sendable {
    /// New ones hold for what happens from now on; the budgets of updates that wait stay.
    package var settings: Settings
    package internal(set) var updates = Roll<Update>()
    private var subscriptions = Roll<[Subscription]>()
    var ended = Memory<DeploymentID, Ended>()
    var owedPosts = OwedPosts()
    var changes = Changes()

    package init(settings: Settings = Settings()) {
        self.settings = settings
    }

    /// Whether anybody is there to be asked.
    package var hasSubscribers: Bool { !subscriptions.isEmpty }

    /// When `timePassed` is due; nil while nothing waits.
    package var nextDeadline: Instant? {
        mutating get {
            var next: Instant?
            for place in updates.places {
                next = earliest(next, updates[at: place].nextDeadline(settings))
            }
            return next
        }
    }

    /// Whether any update waits.
    package var isWaiting: Bool {
        mutating get { updates.places.contains { updates.entries[$0].isWaiting } }
    }

    package mutating func handle(_ event: Event, at now: Instant) -> [Action] {
        var turn = Turn(now: now, settings: settings)
        swap(&turn.changes, &changes)
        defer { swap(&turn.changes, &changes) }
        switch event {
        case .subscribed(let subscription): subscribe(subscription, &turn)
        case .unsubscribed(let stream, let component): unsubscribe(stream, component, &turn)
        case .hungUp(let peer, let component): hangUp(peer, component, &turn)
        case .answered(let answer): take(answer, &turn)
        case .announced(let request, let coordinator, let process):
            announce(request, coordinator, process, &turn)
        case .coordinatorLeft(let stream):
            forEachUpdate(&turn) { $0.coordinatorsLeft({ $0 == stream }, &$1) }
        case .completed(let id, let outcome, let message, let request):
            complete(id, outcome, message, request, &turn)
        case .cancelled(let id, let reason, let by, let request):
            let withdrawal = Withdrawal(deploymentID: id, by: by, reason: reason)
            cancel(withdrawal, request, &turn)
        case .forced(let id, let reason, let by, let request):
            force(id, Force(by: by, reason: reason), request, &turn)
        case .timePassed: forEachUpdate(&turn) { $0.timePassed(&$1) }
        case .slept(let asleep): forEachUpdate(&turn) { $0.slept(asleep, &$1) }
        case .restarted:
            subscriptions = Roll()
            forEachUpdate(&turn) { $0.restarted(&$1) }
        }
        return turn.actions
    }

    /// Lets each update handle something, and buries those that it ended.
    private mutating func forEachUpdate(
        _ turn: inout Turn,
        _ handle: (inout Update, inout Turn) -> Void
    ) {
        for id in updates.names { withUpdate(id, &turn, handle) }
    }

    private mutating func withUpdate(
        _ id: DeploymentID,
        _ turn: inout Turn,
        _ handle: (inout Update, inout Turn) -> Void
    ) {
        guard let place = updates.place(of: id),
            let ending = endingOf(&updates[at: place], &turn, handle)
        else { return }
        let update = updates[at: place]
        updates[id] = nil
        let end = Ended(ending, at: turn.now)
        let forgotten = ended.remember(id, end, limit: settings.maximumEnded)
        if let forgotten { turn.changes.note(.ended(forgotten)) }
        turn.changes.note(update, end)
        owedPosts.deliver(ending.post(id), after: update, to: subscriptions, &turn)
    }
}

/// How the update ended, if it has. In place: an update is large to copy.
private func endingOf(
    _ update: inout Update,
    _ turn: inout Turn,
    _ handle: (inout Update, inout Turn) -> Void
) -> Update.Ending? {
    handle(&update, &turn)
    guard case .ended(let ending) = update.phase else { return nil }
    return ending
}

// MARK: - Components

extension Negotiation {
    private mutating func subscribe(_ subscription: Subscription, _ turn: inout Turn) {
        let known = subscriptions[subscription.component] ?? []
        subscriptions[subscription.component] = known + [subscription]
        owedPosts.deliver(to: subscription, &turn)
        forEachUpdate(&turn) { $0.subscribed(subscription, &$1) }
    }

    private mutating func unsubscribe(
        _ stream: StreamID,
        _ component: ComponentName,
        _ turn: inout Turn
    ) {
        forget(component) { $0.stream == stream }
        forEachUpdate(&turn) { $0.unsubscribed(stream, of: component, &$1) }
    }

    private mutating func hangUp(_ peer: PeerID, _ component: ComponentName, _ turn: inout Turn) {
        forget(component) { $0.stream.peer == peer }
        forEachUpdate(&turn) { update, turn in
            update.hungUp(peer, of: component, &turn)
            update.coordinatorsLeft({ $0.peer == peer }, &turn)
        }
    }

    private mutating func forget(_ component: ComponentName, _ isGone: (Subscription) -> Bool) {
        guard var left = subscriptions[component] else { return }
        left.removeAll(where: isGone)
        subscriptions[component] = left.isEmpty ? nil : left
    }

    private mutating func take(_ answer: Answer, _ turn: inout Turn) {
        // The reply leaves before whatever the answer brings about, and says what came of it.
        let reply = turn.actions.count
        turn.actions.reserveCapacity(reply + 2)
        turn.actions.append(.done(answer.request))
        var result: Result<Grant, Refusal>?
        withUpdate(answer.deploymentID, &turn) { result = $0.answer(answer, &$1) }
        switch result ?? .failure(noSuchUpdate(for: answer)) {
        case .success(let grant): turn.actions[reply] = .granted(answer.request, grant)
        case .failure(let refusal): turn.actions[reply] = .failed(answer.request, refusal)
        }
    }

    private func noSuchUpdate(for answer: Answer) -> Refusal {
        subscriptions[answer.component] == nil
            ? .notSubscribed(answer.component) : .notWaiting(answer.deploymentID)
    }
}

// MARK: - Coordinators and operators

extension Negotiation {
    private mutating func announce(
        _ request: UpdateRequest,
        _ coordinator: StreamID,
        _ process: Int32,
        _ turn: inout Turn
    ) {
        let id = request.deploymentID
        if let place = updates.place(of: id) {
            guard updates.entries[place].request.asSent == request.asSent else {
                return turn.fail(coordinator, .anotherRequest(id))
            }
            return withUpdate(id, &turn) { $0.attach(coordinator, process: process, &$1) }
        }
        guard updates.count < settings.maximumUpdates else {
            return turn.fail(coordinator, .tooManyUpdates(maximum: settings.maximumUpdates))
        }
        if ended.forget(id) { turn.changes.note(.ended(id)) }
        turn.changes.note(anew: id)
        owedPosts.forget(id, &turn)
        updates[id] = Update(request, coordinator: coordinator, process: process, at: turn.now)
        let reply = turn.actions.count
        let subscriptions = subscriptions
        withUpdate(id, &turn) { update, turn in
            update.begin(subscriptions, &turn)
            let attachment = update.attachment(isFirst: true)
            turn.actions.insert(.attached(coordinator, attachment), at: reply)
        }
    }

    private mutating func complete(
        _ id: DeploymentID,
        _ outcome: Outcome,
        _ message: String?,
        _ request: StreamID,
        _ turn: inout Turn
    ) {
        guard let place = updates.place(of: id) else {
            return repeatVerb(id, request, &turn) {
                if case .completed = $0 { true } else { false }
            }
        }
        guard !updates.entries[place].isWaiting else { return turn.fail(request, .notReleased(id)) }
        turn.actions.append(.done(request))
        withUpdate(id, &turn) { $0.end(.completed(outcome, message: message), &$1) }
    }

    private mutating func cancel(
        _ withdrawal: Withdrawal,
        _ request: StreamID,
        _ turn: inout Turn
    ) {
        let id = withdrawal.deploymentID
        guard let update = updates[id] else {
            return repeatVerb(id, request, &turn) {
                if case .cancelled = $0 { true } else { false }
            }
        }
        guard update.isWaiting else { return turn.fail(request, .cannotCancelReleased(id)) }
        turn.actions.append(.done(request))
        withUpdate(id, &turn) { $0.cancel(withdrawal, &$1) }
    }

    private mutating func force(
        _ id: DeploymentID,
        _ force: Force,
        _ request: StreamID,
        _ turn: inout Turn
    ) {
        guard let update = updates[id] else {
            return repeatVerb(id, request, &turn) { _ in false }
        }
        turn.actions.append(.done(request))
        guard update.isWaiting else { return }
        withUpdate(id, &turn) { update, turn in
            update.forced = force
            turn.changes.note(.update(id))
            if update.unattendedUntil == nil { update.force(&turn) }
        }
    }

    /// The update is over: the verb that ended it succeeds again, any other fails.
    private func repeatVerb(
        _ id: DeploymentID,
        _ request: StreamID,
        _ turn: inout Turn,
        _ isSameVerb: (Update.Ending) -> Bool
    ) {
        guard let ending = ended[id]?.ending else { return turn.fail(request, .unknown(id)) }
        if isSameVerb(ending) {
            turn.actions.append(.done(request))
        } else {
            turn.fail(request, .alreadyEnded(id, as: ending.word))
        }
    }
}

extension Turn {
    mutating func fail(_ request: StreamID, _ refusal: Refusal) {
        actions.append(.failed(request, refusal))
    }
}
