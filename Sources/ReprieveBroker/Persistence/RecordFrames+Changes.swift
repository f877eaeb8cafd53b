// SPDX-License-Identifier: Apache-2.0

internal import Negotiation

// What a file has to hold of a negotiation.

extension RecordFrames {
    /// Each thing as it stands now; participants behind their update. A participant that changed
    /// more than once in a step, as that of many processes does, is written once. Another thing,
    /// for which that is rare, is written twice.
    mutating func add(
        _ changes: [Change],
        in file: StoredFile,
        _ negotiation: Negotiation
    ) {
        var participants: [ChangedParticipants] = []
        let changed = changes.span
        for place in changed.indices {
            switch changed[place] {
            case .update(let id):
                add(updateOf: id, in: file, negotiation)
            case .participant(let id, let name):
                if participants.last?.id != id {
                    let known = negotiation.participants(of: id, isReleased: file == .state)
                    // Where changes of several updates alternate, the others are many.
                    let count = participants.isEmpty ? changes.count : 0
                    participants.append(ChangedParticipants(id, known, atMost: count))
                }
                participants[participants.count - 1].insert(name)
            case .ended(let id): add(id, ended: negotiation.ending(of: id))
            case .owed(let name): add(name, owed: negotiation.posts(owedTo: name))
            case .subscriber(let name):
                add(subscriber: name, processes: negotiation.processCount(of: name))
            }
        }
        for group in participants { add(group) }
    }

    /// The update as it stands now. One with which the file has nothing to do is struck out.
    private mutating func add(
        updateOf id: DeploymentID,
        in file: StoredFile,
        _ negotiation: Negotiation
    ) {
        if let place = negotiation.updates.place(of: id) {
            let entries = negotiation.updates.entries.span
            guard file == .journal || !entries[place].isWaiting else {
                return strikeOut(update: id)
            }
            add(id, entries[place])
        } else if file == .journal, let update = negotiation.departing[id] {
            add(id, update)
        } else {
            strikeOut(update: id)
        }
    }
}
