// SPDX-License-Identifier: Apache-2.0

// What components do.

extension Negotiation {
    mutating func subscribe(_ subscription: Subscription, _ handling: inout Handling) {
        let name = subscription.component
        let count = processCount(of: name)
        let known = (subscriptions[name] ?? []) + [subscription]
        subscriptions[name] = known
        returning.note(name, known.processCount)
        if processCount(of: name) != count { handling.note(.subscriber(name)) }
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
        let subscriptions = subscriptions
        forEachUpdate(&handling) { update, handling in
            update.hungUp(peer, of: component, &handling)
            update.coordinatorsLeft(subscriptions, &handling) { $0.peer == peer }
        }
    }

    /// The component takes part in new updates until it had time to come back.
    mutating func lose(_ peer: PeerID, _ component: ComponentName, _ handling: inout Handling) {
        let count = subscriptions[component]?.processCount ?? 0
        forget(component, &handling) { $0.stream.peer == peer }
        if count > 0, subscriptions[component] == nil {
            let graceEnd = handling.now + handling.settings.reconnectGrace
            returning.expect([(component, count)], until: graceEnd)
        }
        forEachUpdate(&handling) { $0.lost(peer, of: component, &$1) }
    }

    private mutating func forget(
        _ component: ComponentName,
        _ handling: inout Handling,
        _ isGone: (Subscription) -> Bool
    ) {
        guard var left = subscriptions[component] else { return }
        let count = processCount(of: component)
        left.removeAll(where: isGone)
        subscriptions[component] = left.isEmpty ? nil : left
        if processCount(of: component) != count { handling.note(.subscriber(component)) }
    }

    mutating func take(_ answer: Answer, _ handling: inout Handling) {
        // The reply is sent before what the answer brings about, and is known only then.
        let reply = handling.consequences.actions.count
        handling.reserve(components: 1)
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
