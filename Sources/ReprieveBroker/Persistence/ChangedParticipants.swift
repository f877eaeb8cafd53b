// SPDX-License-Identifier: Apache-2.0

internal import Negotiation

/// Participants of one update that are to be written, each once.
struct ChangedParticipants {
    let id: DeploymentID
    /// As they stand now; nil where the file has nothing to do with the update.
    let known: SortedMap<Participant>?
    private var found: [Int] = []
    /// Most changes come in the order of their names.
    private var isInOrder = true
    private var missing: [ComponentName] = []

    init(_ id: DeploymentID, _ known: SortedMap<Participant>?, atMost count: Int) {
        self.id = id
        self.known = known
        found.reserveCapacity(min(count, known?.count ?? 0))
    }

    mutating func insert(_ name: ComponentName) {
        guard let known else { return }
        let last = found.last ?? -1
        guard let place = known.place(of: name, hint: last + 1) else {
            return missing.append(name)
        }
        isInOrder = isInOrder && place > last
        found.append(place)
    }

    /// Where they are among those of the update.
    var places: [Int] { isInOrder ? found : Set(found).sorted() }

    /// Those that take part no longer.
    var struckOut: [ComponentName] { missing.isEmpty ? [] : Set(missing).sorted() }
}
