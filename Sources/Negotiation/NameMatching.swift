// SPDX-License-Identifier: Apache-2.0

// A name in a request means the component of that name, and UNIT/NAME. Requests have thousands of
// names, and brokers thousands of components: each name of a component is looked up in the set of
// the names wanted, and no name is compared with each component.

extension ComponentName {
    /// The names that mean this component: its own, and NAME where it is UNIT/NAME.
    var meanings: [ComponentName] {
        var names = [self]
        var rest = self[...]
        while let slash = rest.utf8.firstIndex(of: UInt8(ascii: "/")) {
            rest = rest[rest.utf8.index(after: slash)...]
            names.append(String(rest))
        }
        return names
    }
}

extension Set<ComponentName> {
    /// Whether one of the names means the component.
    func means(_ component: ComponentName) -> Bool {
        component.meanings.contains { contains($0) }
    }

    /// Removes the names that mean a component.
    package mutating func remove(namesOf component: ComponentName) {
        for name in component.meanings { remove(name) }
    }
}

/// The names in a request, for looking them up.
struct RequestedNames: Hashable, Sendable {
    /// Of the components that the update concerns; nil if that is all.
    let concerned: Set<ComponentName>?
    let required: Set<ComponentName>

    init(_ request: UpdateRequest) {
        required = Set(request.policy.require)
        let wanted = request.components ?? []
        concerned = wanted.isEmpty ? nil : required.union(wanted)
    }
}
