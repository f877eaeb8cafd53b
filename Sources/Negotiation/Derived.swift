// SPDX-License-Identifier: Apache-2.0

/// Numbers that follow from the participants, kept so that an answer among thousands costs no
/// walk through all of them. They are no part of an update's value: two updates that differ only
/// here are equal.
struct Derived: Hashable, Sendable {
    private(set) var blockers = 0
    private(set) var silences = 0
    /// Behind the place of the last answer. Notices leave in the order of places, and most answers
    /// come in that order too.
    var nextToAnswer = 0
    private var earliest: Instant?
    /// How many participants have `earliest` as their next deadline; at 0 it must be found anew.
    private var earliestCount = 0
    private var isStale = false

    /// Changes a participant, and what follows from it.
    mutating func keepTrue<Result>(
        _ participant: inout Participant,
        deadline: Instant,
        _ change: (inout Participant) -> Result
    ) -> Result {
        discount(participant, deadline: deadline)
        defer { count(participant, deadline: deadline) }
        return change(&participant)
    }

    static func == (one: Derived, other: Derived) -> Bool { true }

    func hash(into hasher: inout Hasher) {}

    mutating func count(_ participant: Participant, deadline: Instant) {
        if participant.blocks { blockers += 1 }
        if participant.state.isSilence { silences += 1 }
        guard let next = participant.nextDeadline(before: deadline) else { return }
        if earliest.map({ next < $0 }) ?? true {
            earliest = next
            earliestCount = 1
        } else if next == earliest {
            earliestCount += 1
        }
    }

    mutating func discount(_ participant: Participant, deadline: Instant) {
        if participant.blocks { blockers -= 1 }
        if participant.state.isSilence { silences -= 1 }
        guard participant.nextDeadline(before: deadline) == earliest, earliest != nil else {
            return
        }
        earliestCount -= 1
        if earliestCount == 0 { isStale = true }
    }

    /// The earliest deadline of all participants.
    mutating func earliestDeadline(
        of participants: Roll<Participant>,
        deadline: Instant
    ) -> Instant? {
        if isStale { recount(participants, deadline: deadline) }
        return earliest
    }

    mutating func recount(_ participants: Roll<Participant>, deadline: Instant) {
        let nextToAnswer = nextToAnswer
        self = Derived()
        self.nextToAnswer = nextToAnswer
        for place in participants.places { count(participants.entries[place], deadline: deadline) }
    }
}
