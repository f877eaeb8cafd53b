// SPDX-License-Identifier: Apache-2.0

/// A map that is sorted by its keys, which are names of components or updates: what leaves the
/// negotiation has an order, and a gate of thousands is not sorted at each of its steps.
package struct SortedMap<Entry: Hashable & Sendable>: Hashable, Sendable {
    /// Sorted, each once.
    package private(set) var names: [ComponentName] = []
    /// In the order of `names`. An entry can be large: read a part of it where it stands.
    package private(set) var entries: [Entry] = []

    package init() {}

    package var count: Int { names.count }

    package var isEmpty: Bool { names.isEmpty }

    package subscript(name: ComponentName) -> Entry? {
        get { place(of: name).map { entries[$0] } }
        set {
            guard let newValue else { return remove(name) }
            set(name, newValue)
        }
    }

    /// Returns its place.
    @discardableResult
    mutating func set(_ name: ComponentName, _ entry: consuming Entry) -> Int {
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
        return place
    }

    private mutating func remove(_ name: ComponentName) {
        guard let place = place(of: name) else { return }
        names.remove(at: place)
        entries.remove(at: place)
    }

    /// The entry at a place, changed where it stands.
    subscript(at place: Int) -> Entry {
        get { entries[place] }
        _modify { yield &entries[place] }
    }

    /// All places, in order. They hold until an entry is added or removed.
    package var places: Range<Int> { names.indices }

    /// The place of a name. With the place after the last one as `hint`, many names in their order
    /// are found at once.
    package func place(of name: ComponentName, hint: Int = 0) -> Int? {
        if hint < names.count, names[hint] == name { return hint }
        let place = lowestPlace(notBefore: name)
        return place < names.count && names[place] == name ? place : nil
    }

    /// The places of the names that begin with a text.
    func places(startingWith text: String) -> Range<Int> {
        let start = lowestPlace(notBefore: text)
        let end = names[start...].firstIndex { !$0.hasPrefix(text) } ?? names.count
        return start..<end
    }

    mutating func reserveCapacity(_ capacity: Int) {
        names.reserveCapacity(capacity)
        entries.reserveCapacity(capacity)
    }

    private func lowestPlace(notBefore name: ComponentName) -> Int {
        names.lowestPlace(notBefore: name)
    }
}

/// For names that are sorted.
extension [ComponentName] {
    /// The place that a name has or would have. Most are added in order, at the end.
    func lowestPlace(notBefore name: ComponentName) -> Int {
        if let last, last < name { return count }
        var range = indices
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            range = self[middle] < name ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound
    }
}
