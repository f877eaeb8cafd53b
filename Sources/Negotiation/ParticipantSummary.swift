// SPDX-License-Identifier: Apache-2.0

/// Numbers that follow from an update's participants, kept so that an answer among thousands costs
/// no walk through all of them. Between two events they are exactly what a walk would find.
struct ParticipantSummary: Hashable, Sendable {
    private(set) var blockers = 0
    private(set) var silences = 0
    /// The next instant at which something happens to a participant by itself.
    private(set) var earliestDeadline: Instant?
    /// How many participants have that deadline.
    private var earliestCount = 0
    /// The last one that had it has another now: `earliestDeadline` must be found again.
    private(set) var isStale = false

    init() {}

    init(of participants: SortedMap<Participant>, deadline: Instant) {
        for place in participants.places { add(participants.entries[place], deadline: deadline) }
    }

    mutating func add(_ participant: Participant, deadline: Instant) {
        if participant.blocks { blockers += 1 }
        if participant.state.isSilence { silences += 1 }
        guard let next = participant.nextDeadline(before: deadline) else { return }
        if earliestDeadline.map({ next < $0 }) ?? true {
            earliestDeadline = next
            earliestCount = 1
            isStale = false
        } else if next == earliestDeadline {
            earliestCount += 1
        }
    }

    mutating func remove(_ participant: Participant, deadline: Instant) {
        if participant.blocks { blockers -= 1 }
        if participant.state.isSilence { silences -= 1 }
        guard let next = participant.nextDeadline(before: deadline), next == earliestDeadline else {
            return
        }
        earliestCount -= 1
        if earliestCount == 0 { isStale = true }
    }
}
