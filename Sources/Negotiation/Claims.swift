// SPDX-License-Identifier: Apache-2.0

/// Updates that keep others waiting, by their ids.
struct Claims: Hashable, Sendable {
    enum Kind {
        /// It is released and not over.
        case underway
        /// Its final asking runs.
        case askingFinally
    }

    /// Sorted.
    private(set) var underway: [DeploymentID] = []
    private(set) var askingFinally: [DeploymentID] = []

    var isEmpty: Bool { underway.isEmpty && askingFinally.isEmpty }

    /// All, sorted.
    var ids: [DeploymentID] { (underway + askingFinally).sorted() }

    /// Returns whether that is another claim than before.
    mutating func note(_ id: DeploymentID, _ kind: Kind?) -> Bool {
        let isUnderwayNew = underway.note(id, isHeld: kind == .underway)
        let isAskingNew = askingFinally.note(id, isHeld: kind == .askingFinally)
        return isUnderwayNew || isAskingNew
    }

    /// Those of some updates.
    func of(_ ids: Set<DeploymentID>, withAsking: Bool) -> Claims {
        var claims = Claims()
        claims.underway = underway.filter(ids.contains)
        claims.askingFinally = withAsking ? askingFinally.filter(ids.contains) : []
        return claims
    }

    /// With the final askings of earlier claims.
    func keepingAsking(of earlier: Claims) -> Claims {
        var claims = self
        for id in earlier.askingFinally where !underway.contains(id) {
            _ = claims.askingFinally.note(id, isHeld: true)
        }
        return claims
    }
}

extension [DeploymentID] {
    /// Returns whether the sorted ids are others than before.
    fileprivate mutating func note(_ id: DeploymentID, isHeld: Bool) -> Bool {
        if isEmpty, !isHeld { return false }
        let place = lowestPlace(notBefore: id)
        let wasHeld = place < count && self[place] == id
        guard wasHeld != isHeld else { return false }
        if isHeld { insert(id, at: place) } else { remove(at: place) }
        return true
    }
}
