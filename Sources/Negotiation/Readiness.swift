// SPDX-License-Identifier: Apache-2.0

// Who has said already that it may be interrupted, and how an update ended.

extension Negotiation {
    /// The subscriptions that acknowledged an update which is released and not over yet, and which
    /// is one of those that count. One that was opened later has acknowledged nothing.
    package func readySubscriptions(
        in counts: (UpdateRequest) -> Bool
    ) -> Set<StreamID> {
        var ready: Set<StreamID> = []
        for update in updates.entries where !update.isWaiting && counts(update.request) {
            for participant in update.participants.entries where participant.isReady {
                ready.formUnion(participant.seats.map(\.stream))
            }
        }
        return ready
    }

    /// How an update ended that is still remembered.
    package func ending(of id: DeploymentID) -> Ended? { ended[id] }
}

extension Update {
    /// Who holds it back with a deferral, sorted, and what each says of it.
    package var holders: [(component: ComponentName, message: String?)] {
        guard isWaiting else { return [] }
        let names = names { $0.state == .deferred }
        return names.map { ($0, participants[$0]?.message) }
    }
}

extension Participant {
    /// It acknowledged, and where it acts on a final notice, it has acted.
    fileprivate var isReady: Bool {
        state == .acknowledged && (hasFinalWord || !isConfirm)
    }
}
