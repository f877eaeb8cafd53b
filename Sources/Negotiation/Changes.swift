// SPDX-License-Identifier: Apache-2.0

/// What has changed since it was last written down. Nobody writes unless told to begin.
///
/// It is no part of a negotiation's value: two negotiations that differ only here are equal.
struct Changes: Hashable, Sendable {
    /// Where something has changed; what stands there now is looked up when it is written.
    enum Place: Hashable, Sendable {
        case update(DeploymentID)
        case participant(DeploymentID, ComponentName)
        /// The update is no more, nor are its participants.
        case over(DeploymentID)
        case ended(DeploymentID)
        case owed(ComponentName)
        /// What the component is owed, and what is on its way to it.
        case sent(ComponentName)
    }

    /// Nil while nobody writes.
    private(set) var places: [Place]?
    /// Updates that ended, as they were.
    private(set) var ended: [(Update, Ended)] = []

    /// Posts that have yet to leave: until they have, they are owed.
    private(set) var sent: [ComponentName: [OwedPost]] = [:]

    static func == (one: Changes, other: Changes) -> Bool { true }

    func hash(into hasher: inout Hasher) {}

    var isEmpty: Bool { places?.isEmpty ?? true }

    /// Keeps what changes from now on.
    mutating func begin() {
        places = []
        ended = []
    }

    mutating func note(sent post: OwedPost, to name: ComponentName) {
        guard places != nil else { return }
        sent[name, default: []].append(post)
        note(.sent(name))
    }

    /// What was sent has left.
    mutating func confirmSent() {
        for name in sent.keys.sorted() { note(.sent(name)) }
        sent = [:]
    }

    /// Most changes come in a row: a place is noted again only if another came in between.
    mutating func note(_ place: Place) {
        if places != nil, places?.last != place { places?.append(place) }
    }

    mutating func note(allOf update: Update) {
        guard places != nil else { return }
        note(.update(update.id))
        for name in update.participants.keys.sorted() { note(.participant(update.id, name)) }
    }

    mutating func note(_ update: Update, _ end: Ended) {
        guard places != nil else { return }
        note(.over(update.id))
        note(.ended(update.id))
        ended.append((update, end))
    }
}
