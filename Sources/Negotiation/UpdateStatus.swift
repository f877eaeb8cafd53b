// SPDX-License-Identifier: Apache-2.0

/// Where one update stands: an entry of `reprieve status`. Durations count from `now`.
package struct UpdateStatus: Hashable, Sendable {
    package var request: UpdateRequest
    package var isReleased: Bool
    package var age: Duration
    package var deadlineIn: Duration
    /// Until the last call before the deadline; nil when its time has come, or the gate has opened.
    package var lastCallIn: Duration?
    /// How long ago the gate opened; nil while it waits.
    package var releasedSince: Duration?
    /// Components, and then `update ID` of each update that keeps the gate shut.
    package var blockedBy: [String]
    package var participants: [ParticipantStatus]
}

/// Where one participant of it stands.
package struct ParticipantStatus: Hashable, Sendable {
    package var component: ComponentName
    package var state: Participant.State
    package var isVeto: Bool
    package var blocks: Bool
    package var since: Duration
    package var until: Duration?
    package var message: String?
    package var deferrals: Int
    package var blocked: Duration
    package var remaining: Duration
    /// Of several processes those that it waits for, sorted.
    package var processes: [Int32]
}

extension Update {
    package func status(at now: Instant) -> UpdateStatus {
        UpdateStatus(
            request: request,
            isReleased: !isWaiting,
            age: now - announced,
            deadlineIn: max(.zero, deadline - now),
            lastCallIn: isWaiting ? deadlineLastCall.flatMap { $0 > now ? $0 - now : nil } : nil,
            releasedSince: opening.map { now - $0.at },
            blockedBy: blockers + updatesWaitedFor.map { "update \($0)" },
            participants: participants.places.map { place in
                participants.entries[place].status(
                    of: participants.names[place],
                    deadline: deadline,
                    at: now
                )
            }
        )
    }
}

extension Update {
    /// The participants that it overrode, then those that held it back longest, of equals in the
    /// order of their names: their places. Units share the room.
    package func mostAffecting(
        at now: Instant,
        limit: Int
    ) -> [(place: Int, blocked: Duration)] {
        let ranks = participants.places.map { (place: $0, blocked: blocked($0, at: now)) }
        guard ranks.count > 1 else { return Array(ranks.prefix(limit)) }
        let order = ranks.sorted { one, other in
            one.blocked > other.blocked
                || one.blocked == other.blocked && one.place < other.place
        }.map(\.place)
        let entries = participants.entries.span
        let first = order.filter { entries[$0].state == .overridden }
        let others = first.isEmpty ? order : order.filter { entries[$0].state != .overridden }
        let shared = [first, others].flatMap { places in
            places.sharedAmongUnits { participants.names[$0] }
        }
        return shared.prefix(limit).map { ($0, ranks[$0].blocked) }
    }

    /// How long the participant at a place has blocked. It is read where it stands: to copy it
    /// would cost more.
    package func blocked(_ place: Int, at now: Instant) -> Duration {
        let entries = participants.entries.span
        guard entries[place].blockedFrom != nil else { return entries[place].blockedBefore }
        return entries[place].blocked(at: now)
    }
}

extension Participant {
    fileprivate func status(
        of name: ComponentName,
        deadline: Instant,
        at now: Instant
    ) -> ParticipantStatus {
        ParticipantStatus(
            component: name,
            state: state,
            isVeto: isVeto,
            blocks: blocks,
            since: now - since,
            until: stateEnd(before: deadline).map { max(.zero, $0 - now) },
            message: message,
            deferrals: deferrals,
            blocked: blocked(at: now),
            remaining: hasBudget
                ? budgetLeft(at: now) : min(budgetLeft(at: now), max(.zero, deadline - now)),
            processes: blockingProcesses
        )
    }
}
