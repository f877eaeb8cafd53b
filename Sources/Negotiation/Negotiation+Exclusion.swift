// SPDX-License-Identifier: Apache-2.0

// One update at a time: what the updates mean for each other.

extension Negotiation {
    /// The updates in the order in which they were announced: whose turn it is first.
    var order: [DeploymentID] {
        guard updates.count > 1 else { return updates.names }
        let entries = updates.entries.span
        return updates.places.sorted { one, other in
            entries[one].announced == entries[other].announced
                ? one < other : entries[one].announced < entries[other].announced
        }.map { updates.names[$0] }
    }

    /// Finds out which updates a new one conflicts with.
    mutating func addRivals(of id: DeploymentID) {
        guard updates.count > 1, let place = updates.place(of: id) else { return }
        for other in updates.places where other != place {
            if updates.entries[place].conflicts(with: updates.entries[other]) {
                rivals[id, default: []].insert(updates.names[other])
            }
            if updates.entries[other].conflicts(with: updates.entries[place]) {
                rivals[updates.names[other], default: []].insert(id)
            }
        }
    }

    mutating func removeRival(_ id: DeploymentID) {
        rivals[id] = nil
        rivals = rivals.mapValues { $0.subtracting([id]) }.filter { !$0.value.isEmpty }
    }

    /// What keeps the gate of an update shut now.
    func holders(at place: Int) -> Update.Holders {
        var holders = Update.Holders()
        guard updates.entries[place].isWaiting else { return holders }
        // A shutdown has no time to wait for another update's final asking.
        let isShutdown = updates.entries[place].request.isShutdown
        for rival in rivals[updates.names[place]] ?? [] {
            guard let other = updates.place(of: rival) else { continue }
            if updates.entries[other].isUnderway {
                holders.underway.append(rival)
            } else if updates.entries[other].asksFinally, !isShutdown {
                holders.askingFinally.append(rival)
            }
        }
        holders.underway.sort()
        holders.askingFinally.sort()
        return holders
    }

    /// Returns whether they are other ones than before: the update may have to give way, or may go
    /// on.
    mutating func noteHolders(at place: Int, _ handling: inout Handling) -> Bool {
        let holders = holders(at: place)
        let before = updates.entries[place].holders
        guard before != holders else { return false }
        updates[at: place].holders = holders
        if before.ids != holders.ids { handling.show(updates.names[place]) }
        return true
    }

    /// Updates went on or ended: those that waited for it go on, one after the other.
    mutating func settleRivals(_ handling: inout Handling) {
        guard updates.count > 1 || updates.entries.contains(where: { !$0.holders.isEmpty }) else {
            return
        }
        while let id = order.first(where: { areHoldersOutdated(of: $0) }) {
            withUpdate(id, &handling) { _, _ in }
        }
    }

    private func areHoldersOutdated(of id: DeploymentID) -> Bool {
        guard let place = updates.place(of: id) else { return false }
        return updates.entries[place].holders != holders(at: place)
    }
}
