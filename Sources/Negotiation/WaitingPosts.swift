// SPDX-License-Identifier: Apache-2.0

/// Owed posts by component, and how many components of each unit have some.
struct WaitingPosts: Hashable, Sendable {
    private var posts: [ComponentName: [OwedPost]] = [:]
    private var componentsOfUnit: [String: Int] = [:]

    /// In no order.
    var names: some Collection<ComponentName> { posts.keys }

    /// What waits for a component, oldest first.
    subscript(name: ComponentName) -> [OwedPost] {
        get { posts[name] ?? [] }
        set {
            let old = posts.updateValue(newValue, forKey: name) ?? []
            if newValue.isEmpty { posts[name] = nil }
            count(name, by: (newValue.isEmpty ? 0 : 1) - (old.isEmpty ? 0 : 1))
        }
    }

    private mutating func count(_ name: ComponentName, by change: Int) {
        guard change != 0, let prefix = name.unitPrefix else { return }
        let count = componentsOfUnit[prefix, default: 0] + change
        componentsOfUnit[prefix] = count > 0 ? count : nil
    }

    /// Whether one more component can be owed a post, and one more of its unit.
    func hasRoom(for name: ComponentName, _ settings: Settings) -> Bool {
        guard posts.count < settings.maximumOwedComponents else { return false }
        guard let prefix = name.unitPrefix else { return true }
        return componentsOfUnit[prefix, default: 0] < settings.maximumOwedComponentsOfUnit
    }
}
