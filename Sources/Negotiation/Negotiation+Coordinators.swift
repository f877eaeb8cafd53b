// SPDX-License-Identifier: Apache-2.0

// What coordinators and operators do.

extension Negotiation {
    mutating func announce(
        _ request: UpdateRequest,
        _ coordinator: StreamID,
        _ process: Int32,
        _ handling: inout Handling
    ) {
        let id = request.deploymentID
        if let place = updates.place(of: id) {
            guard updates.entries[place].request.asSent == request.asSent else {
                return handling.fail(coordinator, .anotherRequest(id))
            }
            let subscriptions = subscriptions
            return withUpdate(id, &handling) { update, handling in
                update.attach(coordinator, process: process, subscriptions, &handling)
            }
        }
        guard updates.count < settings.maximumUpdates else {
            return handling.fail(coordinator, .tooManyUpdates(maximum: settings.maximumUpdates))
        }
        forget(id, &handling)
        updates[id] = Update(request, coordinator: coordinator, process: process, at: handling.now)
        addRivals(of: id)
        handling.note(.update(id))
        handling.decide(.announced(id))
        // The reply is sent before the notices, and is known only after them.
        let reply = handling.consequences.actions.count
        handling.send(.done(coordinator))
        let (subscriptions, returning) = (subscriptions, returning)
        withUpdate(id, &handling) { update, handling in
            update.begin(subscriptions, returning, &handling)
            let attachment = update.attachment(isFirst: true)
            handling.consequences.actions[reply] = .attached(coordinator, attachment)
        }
    }

    mutating func coordinatorsLeft(
        _ handling: inout Handling,
        _ isGone: (StreamID) -> Bool
    ) {
        let subscriptions = subscriptions
        forEachUpdate(&handling) { $0.coordinatorsLeft(subscriptions, &$1, isGone) }
    }

    mutating func complete(
        _ id: DeploymentID,
        _ outcome: Outcome,
        _ message: String?,
        _ request: StreamID,
        _ handling: inout Handling
    ) {
        guard let place = updates.place(of: id) else {
            return repeatVerb(id, request, &handling) {
                if case .completed(outcome, _) = $0 { true } else { false }
            }
        }
        guard !updates.entries[place].isWaiting else {
            return handling.fail(request, .notReleased(id))
        }
        handling.send(.done(request))
        withUpdate(id, &handling) { $0.end(.completed(outcome, message: message), &$1) }
    }

    mutating func cancel(
        _ withdrawal: Withdrawal,
        _ request: StreamID,
        _ handling: inout Handling
    ) {
        let id = withdrawal.deploymentID
        guard let update = updates[id] else {
            return repeatVerb(id, request, &handling) {
                if case .cancelled = $0 { true } else { false }
            }
        }
        guard update.isWaiting else { return handling.fail(request, .cannotCancelReleased(id)) }
        handling.send(.done(request))
        withUpdate(id, &handling) { $0.cancel(withdrawal, &$1) }
    }

    mutating func force(
        _ id: DeploymentID,
        _ force: Force,
        _ request: StreamID,
        _ handling: inout Handling
    ) {
        guard let update = updates[id] else {
            return repeatVerb(id, request, &handling) { _ in false }
        }
        handling.send(.done(request))
        guard update.isWaiting else { return }
        handling.decide(.forced(id, force))
        withUpdate(id, &handling) { update, handling in
            update.forced = force
            if update.unattendedUntil == nil { update.force(&handling) }
        }
    }

    /// The update is over: the verb that ended it succeeds again, any other fails.
    private func repeatVerb(
        _ id: DeploymentID,
        _ request: StreamID,
        _ handling: inout Handling,
        _ isSameVerb: (Update.Ending) -> Bool
    ) {
        guard let ending = endedUpdates[id]?.ending else {
            return handling.fail(request, .unknown(id))
        }
        if isSameVerb(ending) {
            handling.send(.done(request))
        } else {
            handling.fail(request, .alreadyEnded(id, as: ending.word))
        }
    }
}
