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
            gates[id]?.hear(event, Array(subscriptions.values), settings, at: now)
            gates[id]?.hearHolder(event, actions, settings, at: now)
        }
        for id in gates.keys {
            objections += gates[id]?.hearAnswer(event, actions, settings, at: now) ?? []
            objections += gates[id]?.objectToAttachment(actions) ?? []
        }
        objections += hearNotices(event, actions, underwayBefore: underway, at: now)
        objections += objectToOrder(of: actions, after: event)
        judge(at: now)
        objections += objectToRefusals(actions)
        gates = gates.filter { $0.value.overAt == nil }
        return objections
    }

    /// A gate that opens ends final askings of others: what is sent before it belongs to these.
    private mutating func hearNotices(
        _ event: Event,
        _ actions: [Action],
        underwayBefore: Set<DeploymentID>,
        at now: Instant
    ) -> [String] {
        let opened = actions.indices.filter { index in
            guard case .released(_, let release) = actions[index] else { return false }
            return !underwayBefore.contains(release.deploymentID)
        }
        var objections: [String] = []
        var start = 0
        for end in opened + [actions.count] {
            for id in gates.keys {
                objections +=
                    gates[id]?
                    .hearNotices(event, Array(actions[start..<end]), subscriptions, at: now) ?? []
            }
            start = end
            guard end < actions.count, case .released(_, let release) = actions[end] else {
                continue
            }
            // It is open before another gate could be that only a final asking had kept shut.
            _ = judge(release.deploymentID, at: now)
            interruptFinalAskings(by: release.deploymentID)
        }
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

    /// A deadline refuses by the one that is in its way.
    private func objectToRefusals(_ actions: [Action]) -> [String] {
        actions.compactMap { action in
            guard case .refused(_, let refusal) = action,
                let by = gates[refusal.deploymentID]?.refusedBy, by != refusal.by
            else { return nil }
            return "\(refusal.deploymentID) is refused by \(refusal.by), and not by \(by)"
        }
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
