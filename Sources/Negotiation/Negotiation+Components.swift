// SPDX-License-Identifier: Apache-2.0

// What components do.

extension Negotiation {
    mutating func subscribe(_ subscription: Subscription, _ handling: inout Handling) {
        let known = subscriptions[subscription.component] ?? []
        subscriptions[subscription.component] = known + [subscription]
        if !returning.remove(subscription.component), known.isEmpty {
            handling.note(.subscriber(subscription.component))
        }
        owedPosts.deliver(to: subscription, &handling)
        forEachUpdate(&handling) { $0.subscribed(subscription, &$1) }
    }

    mutating func unsubscribe(
        _ stream: StreamID,
        _ component: ComponentName,
        _ handling: inout Handling
    ) {
        forget(component, &handling) { $0.stream == stream }
        forEachUpdate(&handling) { $0.unsubscribed(stream, of: component, &$1) }
    }

    mutating func hangUp(_ peer: PeerID, _ component: ComponentName, _ handling: inout Handling) {
        forget(component, &handling) { $0.stream.peer == peer }
        forEachUpdate(&handling) { update, handling in
            update.hungUp(peer, of: component, &handling)
            update.coordinatorsLeft({ $0.peer == peer }, &handling)
        }
    }

    /// The component takes part in new updates until it had time to come back.
    mutating func lose(_ peer: PeerID, _ component: ComponentName, _ handling: inout Handling) {
        let wasSubscribed = subscriptions[component] != nil
        forget(component, &handling) { $0.stream.peer == peer }
        if wasSubscribed, subscriptions[component] == nil {
            returning.expect([component], until: handling.now + handling.settings.reconnectGrace)
        }
        forEachUpdate(&handling) { $0.lost(peer, of: component, &$1) }
    }

    private mutating func forget(
        _ component: ComponentName,
        _ handling: inout Handling,
        _ isGone: (Subscription) -> Bool
    ) {
        guard var left = subscriptions[component] else { return }
        left.removeAll(where: isGone)
        subscriptions[component] = left.isEmpty ? nil : left
        if left.isEmpty { handling.note(.subscriber(component)) }
    }

    mutating func take(_ answer: Answer, _ handling: inout Handling) {
        // The reply is sent before what the answer brings about, and is known only then.
        let reply = handling.consequences.actions.count
        handling.send(.done(answer.request))
        var result: Result<Grant, Refusal>?
        withUpdate(answer.deploymentID, &handling) { update, handling in
            result = update.answer(answer, &handling)
        }
        switch result ?? .failure(noSuchUpdate(for: answer)) {
        case .success(let grant):
            handling.consequences.actions[reply] = .granted(answer.request, grant)
            if answer.deferral > .zero { handling.decide(.deferred(answer, grant)) }
        case .failure(let refusal):
            handling.consequences.actions[reply] = .failed(answer.request, refusal)
        }
    }

    private func noSuchUpdate(for answer: Answer) -> Refusal {
        subscriptions[answer.component] == nil
            ? .notSubscribed(answer.component) : .notWaiting(answer.deploymentID)
    }
}
