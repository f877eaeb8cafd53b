// SPDX-License-Identifier: Apache-2.0

// What can be asked of a negotiation.

extension Negotiation {
    /// Whether any component is subscribed, or may return after a restart of the broker.
    package var hasSubscribers: Bool { !subscriptions.isEmpty || !returning.names.isEmpty }

    /// The components that are subscribed, or may return after a restart of the broker, sorted.
    package var subscribers: [ComponentName] {
        returning.names.isEmpty
            ? subscriptions.names : Set(subscriptions.names).union(returning.names).sorted()
    }

    /// Whether a subscription acts only on a final notice.
    package func isConfirm(_ stream: StreamID, of component: ComponentName) -> Bool {
        subscriptions[component]?.first { $0.stream == stream }?.confirm ?? false
    }

    /// The update that is coordinated on a stream.
    package func update(coordinatedOn stream: StreamID) -> DeploymentID? {
        updates.entries.first { $0.coordinators.contains { $0.stream == stream } }?.id
    }

    package func asks(_ name: ComponentName, about id: DeploymentID) -> Bool {
        updates[id]?.waitsForAnswer(of: name) ?? false
    }

    /// How many processes of a component are subscribed, or may return after a restart of the
    /// broker.
    package func processCount(of name: ComponentName) -> Int {
        max(subscriptions[name]?.processCount ?? 0, returning.processCount(of: name))
    }

    /// The components that rules require and that are not subscribed, sorted.
    package var missing: [ComponentName] {
        settings.unmet(Set(settings.required()), by: subscriptions.names).sorted()
    }

    /// The names that mean no component: none that they mean is subscribed, or takes part in an
    /// update, and no rule is about one.
    package func unknown(among names: Set<ComponentName>) -> Set<ComponentName> {
        var unknown = names
        for component in subscriptions.names { unknown.remove(namesOf: component) }
        for place in updates.places {
            for component in updates.entries[place].participants.names {
                unknown.remove(namesOf: component)
            }
        }
        return unknown.filter { name in !settings.rules.contains { $0.isAbout(name) } }
    }

    /// Whether any update waits.
    package var isWaiting: Bool { updates.entries.contains { $0.isWaiting } }

    /// Whether `Event.sent` has anything to do.
    package var awaitsSending: Bool { !departing.isEmpty || owedPosts.isDelivering }

    /// An update that waits or is released, or whose posts may not have left yet.
    package func update(_ id: DeploymentID) -> Update? { updates[id] ?? departing[id] }

    /// The participants of such an update, or only of one whose gate is open. An update is large to
    /// copy.
    package func participants(
        of id: DeploymentID,
        isReleased: Bool
    ) -> SortedMap<Participant>? {
        if let place = updates.place(of: id) {
            let isWanted = !isReleased || !updates.entries[place].isWaiting
            return isWanted ? updates.entries[place].participants : nil
        }
        return isReleased ? nil : departing.place(of: id).map { departing.entries[$0].participants }
    }

    /// The updates that are remembered with their ends, oldest first.
    package var ended: [(id: DeploymentID, end: Ended)] {
        endedUpdates.order.compactMap { id in endedUpdates[id].map { (id, $0) } }
    }

    /// How an update ended that is still remembered.
    package func ending(of id: DeploymentID) -> Ended? { endedUpdates[id] }

    /// The post of an update that has ended; nil while it goes on, or once it is forgotten.
    package func post(of id: DeploymentID) -> Post? {
        updates[id] == nil ? endedUpdates[id]?.ending.post(id) : nil
    }

    /// All owed posts by component, sorted.
    package var owed: [(component: ComponentName, posts: [OwedPost])] {
        owedPosts.components.map { ($0, owedPosts[$0]) }
    }

    /// The posts owed to a component, oldest first.
    package func posts(owedTo component: ComponentName) -> [OwedPost] { owedPosts[component] }

    /// The updates that concern a subscription, and that its component may not defer, sorted.
    package func underway(for subscription: Subscription, at now: Instant) -> [DeploymentID] {
        let name = subscription.component
        let underway = updates.entries.filter { update in
            update.policy.notification == .notify && update.concerns(subscription)
                && update.refusal(toDeferralOf: name, settings, at: now) != nil
        }
        return underway.map(\.id)
    }

    /// The subscriptions that acknowledged a released update for which `counts` holds. One that was
    /// opened later has acknowledged nothing. A veto's yes to a shutdown is none to an update.
    package func readySubscriptions(
        withVetoes: Bool,
        in counts: (UpdateRequest) -> Bool
    ) -> Set<StreamID> {
        var ready: Set<StreamID> = []
        for update in updates.entries where !update.isWaiting && counts(update.request) {
            for place in update.participants.places {
                let participant = update.participants.entries[place]
                let isVeto = settings.isVeto(update.participants.names[place])
                guard participant.isReady, withVetoes || !isVeto else { continue }
                ready.formUnion(participant.subscribers.map(\.stream))
            }
        }
        return ready
    }

    /// The same negotiation without what never decides anything, for a search that visits each
    /// state once.
    package var explorationKey: Negotiation {
        var key = self
        for place in key.updates.places { key.updates[at: place].forgetLastDeferrals() }
        for place in key.departing.places { key.departing[at: place].forgetLastDeferrals() }
        return key
    }
}

extension Update {
    /// The updates that keep its gate shut, sorted.
    package var updatesWaitedFor: [DeploymentID] { isWaiting ? holders.ids : [] }

    /// How many components hold it back with a deferral.
    package var holderCount: Int { isWaiting ? summary.deferrals : 0 }

    /// The first of these, and what it says of it.
    package var firstHolder: (component: ComponentName, message: String?)? {
        guard holderCount > 0 else { return nil }
        let entries = participants.entries.span
        for place in entries.indices where entries[place].state == .deferred {
            return (participants.names[place], entries[place].message)
        }
        return nil
    }
}

extension Participant {
    /// It acknowledged, and where it acts on a final notice, it has acted.
    fileprivate var isReady: Bool {
        state == .acknowledged && (hasFinalWord || !isConfirm)
    }
}
