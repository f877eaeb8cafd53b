// SPDX-License-Identifier: Apache-2.0

/// How many components are owed posts, in all and of each unit: counted once for the end of an
/// update, and not for each of its participants.
struct OwedRoom {
    private var count: Int
    private var countOfUnit: [String: Int] = [:]
    /// What was owed until now is forgotten: there is no more room to be made.
    let isPurged: Bool

    init(_ names: some Collection<ComponentName>, isPurged: Bool = false) {
        count = names.count
        self.isPurged = isPurged
        for case let unit? in names.lazy.map(\.unitPrefix) { countOfUnit[unit, default: 0] += 1 }
    }

    /// Whether no further component, or none of the unit, can be owed a post.
    func isFull(for name: ComponentName, _ settings: Settings) -> Bool {
        guard count < settings.maximumOwedComponents else { return true }
        guard let unit = name.unitPrefix else { return false }
        return countOfUnit[unit, default: 0] >= settings.maximumOwedComponentsOfUnit
    }

    mutating func take(for name: ComponentName) {
        count += 1
        if let unit = name.unitPrefix { countOfUnit[unit, default: 0] += 1 }
    }
}
