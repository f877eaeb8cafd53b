// SPDX-License-Identifier: Apache-2.0

extension Settings {
    /// Whether a component may subscribe. One that no rule matches, and that is not known
    /// otherwise, may as the operator says.
    package func maySubscribe(_ name: ComponentName, isKnown: Bool) -> Bool {
        guard isKnown || rules.contains(where: { $0.matches(name) }) else { return allowsUnknown }
        return rule(for: name) { $0.maySubscribe } ?? true
    }

    func maxDefer(of name: ComponentName, _ policy: Policy) -> Duration {
        min(policy.maxDefer, rule(for: name) { $0.maxDefer } ?? policy.maxDefer)
    }

    func budget(of name: ComponentName, _ policy: Policy) -> Duration {
        min(policy.maxTotalDefer, rule(for: name) { $0.maxTotalDefer } ?? policy.maxTotalDefer)
    }

    /// Whether a component is the required one: by that very name, or as UNIT/NAME where a rule
    /// names the unit. Any user may start units, and claim a name in them.
    func meets(_ required: ComponentName, _ component: ComponentName) -> Bool {
        component == required
            || component.hasSuffix("/" + required)
                && rules.contains { $0.namesUnit && $0.matches(component) }
    }

    /// Whether a component is one of those required.
    func meets(anyOf required: Set<ComponentName>, _ component: ComponentName) -> Bool {
        component.meanings.contains { required.contains($0) && meets($0, component) }
    }

    /// The required components that none of the components is.
    func unmet(
        _ required: Set<ComponentName>,
        by components: [ComponentName]
    ) -> Set<ComponentName> {
        guard !required.isEmpty else { return [] }
        var unmet = required
        for component in components {
            for name in component.meanings where unmet.contains(name) && meets(name, component) {
                unmet.remove(name)
            }
        }
        return unmet
    }

    /// The components that are required wherever an update concerns them. A shutdown does not wait
    /// for a veto that is absent.
    func required(byShutdown isShutdown: Bool = false) -> [ComponentName] {
        rules.filter { !$0.isPattern }.map(\.pattern).filter { name in
            rule(for: name) { $0.isRequired } ?? false || !isShutdown && isVeto(named: name)
        }
    }

    /// Whether a component is one without whose yes no update goes ahead.
    func isVeto(_ name: ComponentName) -> Bool {
        rules.contains { $0.isVeto == true && meets($0.pattern, name) && isVeto(named: $0.pattern) }
    }

    private func isVeto(named name: ComponentName) -> Bool {
        rule(for: name) { $0.isVeto } ?? false
    }

    /// Of the rules that match, the last one that says something counts.
    private func rule<Value>(
        for name: ComponentName,
        _ value: (ComponentRule) -> Value?
    ) -> Value? {
        for rule in rules.reversed() {
            if let value = value(rule), rule.matches(name) { return value }
        }
        return nil
    }
}
