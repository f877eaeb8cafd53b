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

    /// The components that are required wherever an update concerns them.
    var required: [ComponentName] {
        rules.filter { !$0.isPattern }.map(\.pattern).filter {
            rule(for: $0) { $0.isRequired } ?? false
        }
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
