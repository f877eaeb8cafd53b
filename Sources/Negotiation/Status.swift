// SPDX-License-Identifier: Apache-2.0

/// Where one update stands: an entry of `reprieve status`. Durations count from `now`.
package struct UpdateStatus: Hashable, Sendable {
    package var request: UpdateRequest
    package var isReleased: Bool
    package var age: Duration
    package var deadlineIn: Duration
    package var blockedBy: [ComponentName]
    package var participants: [ParticipantStatus]
}

/// Where one participant of it stands.
package struct ParticipantStatus: Hashable, Sendable {
    package var component: ComponentName
    package var state: Participant.State
    package var since: Duration
    package var until: Duration?
    package var message: String?
    package var deferrals: Int
    package var blocked: Duration
    package var remaining: Duration
}

extension Update {
    package func status(at now: Instant) -> UpdateStatus {
        UpdateStatus(
            request: request,
            isReleased: !isWaiting,
            age: now - announced,
            deadlineIn: max(.zero, deadline - now),
            blockedBy: blockers,
            participants: participants.sorted { $0.key < $1.key }.map { name, participant in
                participant.status(of: name, at: now)
            }
        )
    }
}

extension Participant {
    fileprivate func status(
        of name: ComponentName,
        at now: Instant
    ) -> ParticipantStatus {
        ParticipantStatus(
            component: name,
            state: state,
            since: now - since,
            until: until.map { max(.zero, $0 - now) },
            message: message,
            deferrals: deferrals,
            blocked: blocked(at: now),
            remaining: budgetLeft(at: now)
        )
    }
}

extension Negotiation {
    /// The updates that concern a subscription, and that go ahead whatever it says, sorted.
    package func underway(for subscription: Subscription) -> [DeploymentID] {
        let underway = updates.values.filter { update in
            guard update.policy.notification == .notify, update.concerns(subscription) else {
                return false
            }
            let state = update.participants[subscription.component]?.state
            return !update.isWaiting || state == .overridden
        }
        return underway.map(\.id).sorted()
    }

    /// What was said of the end of an update; nil while it goes on, or once it is forgotten.
    package func post(of id: DeploymentID) -> Post? {
        updates[id] == nil ? ended[id]?.ending.post(id) : nil
    }
}
