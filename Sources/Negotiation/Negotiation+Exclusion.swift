// SPDX-License-Identifier: Apache-2.0

// One update at a time: what the updates mean for each other.

extension Negotiation {
    /// The updates that are under way, since an end lets others go on; then those that wait. Both
    /// in the order in which they were announced.
    var order: [DeploymentID] {
        guard updates.count > 1 else { return updates.names }
        let entries = updates.entries.span
        return updates.places.sorted { one, other in
            let (isEarlier, isLater) = (!entries[one].isWaiting, !entries[other].isWaiting)
            guard isEarlier == isLater else { return isEarlier }
            return entries[one].announced == entries[other].announced
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

    /// An update is over: it keeps no other one waiting.
    mutating func removeRival(_ id: DeploymentID, _ handling: inout Handling) {
        rivals[id] = nil
        for other in updates.names {
            rivals[other]?.remove(id)
            if rivals[other]?.isEmpty ?? false { rivals[other] = nil }
        }
        if claims.note(id, nil) { handling.areClaimsOthers = true }
    }

    /// What keeps the gate of an update shut now.
    func holders(at place: Int) -> Claims {
        guard !claims.isEmpty, updates.entries[place].isWaiting,
            let rivals = rivals[updates.names[place]]
        else { return Claims() }
        // A shutdown has no time to wait for another update's final asking.
        return claims.of(rivals, withAsking: !updates.entries[place].request.isShutdown)
    }

    /// Returns whether they are other ones than before: the update may have to give way, or may go
    /// on. Until it is its turn, it waits for final askings that have ended as well.
    mutating func noteHolders(
        at place: Int,
        isInTurn: Bool,
        _ handling: inout Handling
    ) -> Bool {
        guard !claims.isEmpty || !updates.entries[place].holders.isEmpty else { return false }
        let before = updates.entries[place].holders
        let now = holders(at: place)
        let holders = isInTurn ? now : now.keepingAsking(of: before)
        guard before != holders else { return false }
        updates[at: place].holders = holders
        if before.ids != holders.ids { handling.show(updates.names[place]) }
        return true
    }

    /// Updates went on or ended: those that waited for it go on, one after the other.
    mutating func settleRivals(_ handling: inout Handling) {
        while handling.areClaimsOthers {
            handling.areClaimsOthers = false
            for id in order where areHoldersOutdated(of: id) {
                withUpdate(id, isInTurn: true, &handling) { _, _ in }
            }
        }
    }

    private func areHoldersOutdated(of id: DeploymentID) -> Bool {
        guard let place = updates.place(of: id) else { return false }
        return updates.entries[place].holders != holders(at: place)
    }
}
