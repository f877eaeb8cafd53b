// SPDX-License-Identifier: Apache-2.0

/// Component names, sorted, each once: a gate of thousands is not sorted at each of its steps.
struct Roll: Hashable, Sendable {
    private(set) var names: [ComponentName] = []

    mutating func enter(_ name: ComponentName) {
        let place = place(of: name)
        if place == names.count || names[place] != name { names.insert(name, at: place) }
    }

    mutating func strike(_ name: ComponentName) {
        let place = place(of: name)
        if place < names.count, names[place] == name { names.remove(at: place) }
    }

    /// Where a name is, or belongs. Most come in order, and belong at the end.
    private func place(of name: ComponentName) -> Int {
        if let last = names.last, last < name { return names.count }
        var range = 0..<names.count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            range = names[middle] < name ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound
    }
}
