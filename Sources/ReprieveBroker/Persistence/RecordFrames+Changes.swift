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
        for change in changes {
            switch change {
            case .update(let id):
                add(id, update(id, file, negotiation))
            case .participant(let id, let name):
                if participants.last?.id != id {
                    let known = negotiation.participants(of: id, isReleased: file == .state)
                    participants.append(ChangedParticipants(id, known, atMost: changes.count))
                }
                participants[participants.count - 1].insert(name)
            case .ended(let id): add(id, ended: negotiation.ending(of: id))
            case .owed(let name): add(name, owed: negotiation.posts(owedTo: name))
            case .subscriber(let name):
                add(subscriber: name, processes: negotiation.processCount(of: name))
            }
        }
        for changed in participants { add(changed) }
    }

    /// The update as a file has to hold it; nil where the file has nothing to do with it.
    private func update(
        _ id: DeploymentID,
        _ file: StoredFile,
        _ negotiation: Negotiation
    ) -> Update? {
        switch file {
        case .journal: negotiation.update(id)
        case .state: negotiation.updates[id].flatMap { $0.isWaiting ? nil : $0 }
        }
    }
}
