// SPDX-License-Identifier: Apache-2.0

package import Negotiation

/// A second model of the gate, naive on purpose. It sees all events and actions, keeps a few plain
/// facts about each component, looks at all of them after each event, and says which components
/// keep a gate shut, or on what ground it is open. It also says what each answer is to be answered,
/// what each notice has to say, and what a status shows.
///
/// It enters no states and asks no questions: a question is a notice that it saw, and a state
/// follows from the facts.
package struct Oracle: Hashable, Sendable {
    package enum Verdict: Hashable, Sendable {
        case shut(by: [ComponentName])
        case open(Basis)
        case refused
    }

    let settings: Settings
    var gates: [DeploymentID: GateAccount] = [:]
    var subscriptions: [StreamID: Subscription] = [:]
    var returning = ReturningAccount()
    var last = Instant(sinceBoot: .zero)

    package init(settings: Settings) {
        self.settings = settings
    }

    /// The state that a gate must have now; nil where there is no such update any more.
    package func verdict(on id: DeploymentID) -> Verdict? { gates[id]?.verdict }

    /// To be called with each event and its actions. Says what is wrong with what was sent.
    package mutating func hear(_ event: Event, _ actions: [Action], at now: Instant) -> [String] {
        var objections: [String] = []
        let passed = now - last
        last = now
        gates = gates.filter { $0.value.verdict != .refused }
        for id in gates.keys { gates[id]?.account(for: passed) }
        let underway = Set(gates.keys.filter { gates[$0]?.isShut == false })
        note(event, actions, at: now)
        for id in gates.keys {
            gates[id]?.hear(event, settings, at: now)
            gates[id]?.hearHolder(event, actions, settings, at: now)
        }
        interruptFinalAskings(actions, underwayBefore: underway)
        for id in gates.keys {
            objections += gates[id]?.hearAnswer(event, actions, settings, at: now) ?? []
            objections += gates[id]?.hearNotices(event, actions, subscriptions, at: now) ?? []
            objections += gates[id]?.objectToAttachment(actions) ?? []
        }
        objections += objectToOrder(of: actions, after: event)
        judge(at: now)
        gates = gates.filter { $0.value.overAt == nil }
        return objections
    }

    /// A component that subscribes is sent the notices of several updates in the order in which
    /// they were announced.
    private func objectToOrder(of actions: [Action], after event: Event) -> [String] {
        guard case .subscribed = event else { return [] }
        let ids = actions.compactMap { action -> DeploymentID? in
            if case .notify(_, let notice) = action { notice.deploymentID } else { nil }
        }
        let order = order
        let places = ids.map { order.firstIndex(of: $0) ?? order.count }
        return places == places.sorted() ? [] : ["notices of several updates are out of order"]
    }

    private mutating func note(_ event: Event, _ actions: [Action], at now: Instant) {
        returning.hear(event, subscriptions.values, settings, at: now)
        switch event {
        case .subscribed(let one):
            subscriptions[one.stream] = one
        case .unsubscribed(let stream, _): subscriptions[stream] = nil
        case .hungUp(let peer, _), .lost(let peer, _):
            subscriptions = subscriptions.filter { $0.key.peer != peer }
        case .restarted:
            subscriptions = [:]
        case .announced(let request, let coordinator, let process):
            let isRefused = actions.contains { action in
                if case .failed(coordinator, _) = action { true } else { false }
            }
            guard !isRefused else { return }
            let id = request.deploymentID
            let known = Array(subscriptions.values)
            gates[id] =
                gates[id]
                ?? GateAccount(
                    request,
                    known,
                    process,
                    settings.rules,
                    returning,
                    at: now
                )
        default: break
        }
    }
}
