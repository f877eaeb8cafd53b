// SPDX-License-Identifier: Apache-2.0

/// An update that is over.
package struct Ended: Hashable, Sendable {
    package var ending: Update.Ending
    package var at: Instant

    package init(_ ending: Update.Ending, at instant: Instant) {
        self.ending = ending
        self.at = instant
    }
}

/// The updates that ended last, by id, so that a repeated verb succeeds.
struct EndedUpdates: Hashable, Sendable {
    private var ends: [DeploymentID: Ended] = [:]
    /// Oldest first.
    private(set) var order: [DeploymentID] = []

    subscript(id: DeploymentID) -> Ended? { ends[id] }

    /// Returns the update for which there is no room any more.
    @discardableResult
    mutating func remember(_ id: DeploymentID, _ end: Ended, limit: Int) -> DeploymentID? {
        forget(id)
        ends[id] = end
        order.append(id)
        guard order.count > limit else { return nil }
        let oldest = order.removeFirst()
        ends[oldest] = nil
        return oldest
    }

    /// Returns whether there was something to forget.
    @discardableResult
    mutating func forget(_ id: DeploymentID) -> Bool {
        guard ends.removeValue(forKey: id) != nil else { return false }
        order.removeAll { $0 == id }
        return true
    }
}
