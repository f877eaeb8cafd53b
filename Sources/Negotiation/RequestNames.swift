// SPDX-License-Identifier: Apache-2.0

// The names by which a request can mean a component: NAME means the components NAME and UNIT/NAME.
// A component has two of them at most, so that thousands of names are looked up, and not compared
// with thousands of components.

extension ComponentName {
    /// Its own, and the one within its unit.
    package var requestNames: [ComponentName] {
        guard let prefix = unitPrefix else { return [self] }
        return [self, String(dropFirst(prefix.count))]
    }
}

extension Settings {
    /// The required names that a component meets: its own, and the one within its unit where a rule
    /// names the unit. Any user may start units, and claim a name in them.
    func requirements(metBy component: ComponentName) -> [ComponentName] {
        guard component.unitPrefix != nil else { return [component] }
        let isKnown = rules.contains { $0.namesUnit && $0.matches(component) }
        return isKnown ? component.requestNames : [component]
    }
}
