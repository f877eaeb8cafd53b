// SPDX-License-Identifier: Apache-2.0

/// Something for each of many components, in the order of their names: what leaves the negotiation
/// has an order, and a gate of thousands is not sorted at each of its steps.
package struct Roll<Entry: Hashable & Sendable>: Hashable, Sendable {
    /// Sorted, each once.
    package private(set) var names: [ComponentName] = []
    /// In the order of `names`. An entry is large: to read some of it, read it here.
    package private(set) var entries: [Entry] = []

    package init() {}

    package var count: Int { names.count }

    package var isEmpty: Bool { names.isEmpty }

    package subscript(name: ComponentName) -> Entry? {
        get { place(of: name).map { entries[$0] } }
        set {
            guard let newValue else { return strike(name) }
            enter(name, newValue)
        }
    }

    private mutating func enter(_ name: ComponentName, _ entry: Entry) {
        let place = lowestPlace(notBefore: name)
        if place == names.count {
            names.append(name)
            entries.append(entry)
        } else if names[place] == name {
            entries[place] = entry
        } else {
            names.insert(name, at: place)
            entries.insert(entry, at: place)
        }
    }

    private mutating func strike(_ name: ComponentName) {
        guard let place = place(of: name) else { return }
        names.remove(at: place)
        entries.remove(at: place)
    }

    /// What stands at a place, changed where it stands.
    subscript(at place: Int) -> Entry {
        get { entries[place] }
        _modify { yield &entries[place] }
    }

    /// All places, in order. They hold until a name comes or goes.
    var places: Range<Int> { names.indices }

    /// Where a name stands. Whoever goes through many names in their order has it found at once,
    /// with the place after the last one as `hint`.
    package func place(of name: ComponentName, hint: Int = 0) -> Int? {
        if hint < names.count, names[hint] == name { return hint }
        let place = lowestPlace(notBefore: name)
        return place < names.count && names[place] == name ? place : nil
    }

    mutating func reserveCapacity(_ capacity: Int) {
        names.reserveCapacity(capacity)
        entries.reserveCapacity(capacity)
    }

    /// Where a name is, or belongs. Most come in order, and belong at the end.
    private func lowestPlace(notBefore name: ComponentName) -> Int {
        if let last = names.last, last < name { return names.count }
        var range = 0..<names.count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            range = names[middle] < name ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound
    }
}
