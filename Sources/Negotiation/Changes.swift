// SPDX-License-Identifier: Apache-2.0

/// What has changed since it was last written down. Nobody writes unless told to begin.
///
/// It is no part of a negotiation's value: two negotiations that differ only here are equal.
struct Changes: Hashable, Sendable {
    /// Where something has changed; what stands there now is looked up when it is written.
    enum Place: Hashable, Sendable {
        case update(DeploymentID)
        /// The update is no more, nor are its participants.
        case over(DeploymentID)
        case ended(DeploymentID)
        case owed(ComponentName)
    }

    /// Nil while nobody writes.
    private(set) var places: [Place]?
    /// Participants that have changed, many of them in a row one update's. They are written behind
    /// `places`.
    private(set) var participants: [(update: DeploymentID, names: [ComponentName])] = []
    /// Where something changes once what was sent has left: until then posts are owed.
    private var onceSent: [Place] = []
    /// Updates that ended and whose posts have yet to leave.
    private(set) var leaving: [DeploymentID: (update: Update, end: Ended)] = [:]
    /// Updates that ended since it was last written down, as they were.
    private(set) var ended: [(Update, Ended)] = []

    static func == (one: Changes, other: Changes) -> Bool { true }

    func hash(into hasher: inout Hasher) {}

    var isEmpty: Bool { (places?.isEmpty ?? true) && participants.isEmpty }

    /// Keeps what changes from now on.
    mutating func begin() {
        places = []
        participants = []
        ended = []
    }

    /// Most changes come in a row: a place is noted again only if another came in between.
    mutating func note(_ place: Place) {
        if places != nil, places?.last != place { places?.append(place) }
    }

    mutating func note(allOf update: Update) {
        guard places != nil else { return }
        note(.update(update.id))
        participants.append((update.id, update.participants.names))
    }

    mutating func note(_ participant: ComponentName, of id: DeploymentID) {
        guard places != nil else { return }
        guard let last = participants.indices.last, participants[last].update == id else {
            return participants.append((id, [participant]))
        }
        if participants[last].names.last != participant {
            participants[last].names.append(participant)
        }
    }

    mutating func note(_ update: Update, _ end: Ended) {
        guard places != nil else { return }
        leaving[update.id] = (update, end)
        ended.append((update, end))
        note(.update(update.id))
        note(.ended(update.id))
        note(onceSent: .over(update.id))
    }

    mutating func note(onceSent place: Place) {
        if places != nil { onceSent.append(place) }
    }

    /// What was sent has left.
    mutating func confirmSent() {
        for place in onceSent { note(place) }
        onceSent = []
        leaving = [:]
    }

    /// The id is announced again: what it stood for is over, whether its posts have left or not.
    mutating func note(anew id: DeploymentID) {
        if leaving.removeValue(forKey: id) != nil {
            onceSent.removeAll { $0 == .over(id) }
            note(.over(id))
        }
        note(.update(id))
    }
}
