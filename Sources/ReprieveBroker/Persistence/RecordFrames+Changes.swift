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
        var participants: [(id: DeploymentID, names: [ComponentName])] = []
        for change in changes {
            switch change {
            case .update(let id):
                let update = update(id, file, negotiation)
                add(id, update)
                if file == .state, update != nil { addWallClock() }
            case .participant(let id, let name):
                if participants.last?.id != id { participants.append((id, [])) }
                participants[participants.count - 1].names.append(name)
            case .ended(let id): add(id, ended: negotiation.ending(of: id))
            case .owed(let name): add(name, owed: negotiation.posts(owedTo: name))
            case .subscriber(let name):
                add(subscriber: name, processes: negotiation.processCount(of: name))
            }
        }
        for (id, names) in participants {
            let known = negotiation.participants(of: id, isReleased: file == .state)
            if let known { add(names.withoutRepeats, of: id, known) }
        }
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

extension [ComponentName] {
    /// Sorted, and each name once.
    fileprivate var withoutRepeats: Self {
        var names = self
        names.sort()
        var last: ComponentName?
        names.removeAll { name in
            defer { last = name }
            return name == last
        }
        return names
    }
}
