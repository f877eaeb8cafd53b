// SPDX-License-Identifier: Apache-2.0

/// Numbers that follow from an update's participants, kept so that an answer among thousands costs
/// no walk through all of them. Between two events they are exactly what a walk would find.
struct ParticipantSummary: Hashable, Sendable {
    /// What one participant adds to it.
    struct Contribution {
        var state: Participant.State
        var blocks: Bool
        var deadline: Instant?
    }

    private(set) var blockers = 0
    /// Silent and gone: those that do not block.
    private(set) var silences = 0
    /// Silent and gone: vetoes, which block.
    private(set) var silentBlockers = 0
    private(set) var deferrals = 0
    /// The next instant at which something happens to a participant by itself.
    private(set) var earliestDeadline: Instant?
    /// How many participants have that deadline.
    private var earliestCount = 0
    /// The last one that had it has another now: `earliestDeadline` must be found again.
    private(set) var isStale = false

    init() {}

    init(of participants: inout SortedMap<Participant>, deadline: Instant) {
        for place in participants.places {
            add(participants[at: place].contribution(before: deadline))
        }
    }

    mutating func add(_ one: Contribution) {
        count(one, by: 1)
        guard let next = one.deadline else { return }
        if earliestDeadline.map({ next < $0 }) ?? true {
            earliestDeadline = next
            earliestCount = 1
            isStale = false
        } else if next == earliestDeadline {
            earliestCount += 1
        }
    }

    mutating func remove(_ one: Contribution) {
        count(one, by: -1)
        guard let next = one.deadline, next == earliestDeadline else { return }
        earliestCount -= 1
        if earliestCount == 0 { isStale = true }
    }

    private mutating func count(_ one: Contribution, by step: Int) {
        if one.blocks { blockers += step }
        if one.state.isSilence, one.blocks { silentBlockers += step }
        if one.state.isSilence, !one.blocks { silences += step }
        if one.state == .deferred { deferrals += step }
    }
}

extension Participant {
    /// Mutating, so that a participant is read where it stands: it is large to copy.
    mutating func contribution(before deadline: Instant) -> ParticipantSummary.Contribution {
        ParticipantSummary.Contribution(
            state: state,
            blocks: blocks,
            deadline: nextDeadline(before: deadline)
        )
    }
}
