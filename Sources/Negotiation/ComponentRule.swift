// SPDX-License-Identifier: Apache-2.0

/// What an operator has settled for the components whose names match a pattern. What is nil is
/// left to other rules.
package struct ComponentRule: Hashable, Sendable {
    /// A name in which `*` stands for any text, also for none, and `?` for one character.
    package let pattern: String
    package var maySubscribe: Bool?
    /// The most that one answer is granted, whatever the update grants.
    package var maxDefer: Duration?
    /// The most that one update is blocked, whatever the update grants.
    package var maxTotalDefer: Duration?
    /// Every update that concerns the component waits for it, subscribed or not. The pattern is
    /// a plain name then.
    package var isRequired: Bool?

    package init(pattern: String) {
        self.pattern = pattern
    }

    package var isPattern: Bool { Self.isPattern(pattern) }

    /// Whether it is for UNIT/NAME, and UNIT is a plain name: the operator knows that unit.
    var namesUnit: Bool {
        guard let slash = pattern.firstIndex(of: "/") else { return false }
        return !Self.isPattern(pattern[..<slash])
    }

    private static func isPattern(_ text: some StringProtocol) -> Bool {
        text.contains { $0 == "*" || $0 == "?" }
    }

    package func matches(_ name: ComponentName) -> Bool {
        Self.matches(Array(pattern.utf8)[...], Array(name.utf8)[...])
    }

    /// Goes back to the latest star only, so its time is the product of the lengths at most.
    private static func matches(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
        var (pattern, name) = (pattern, name)
        var retry: (pattern: ArraySlice<UInt8>, name: ArraySlice<UInt8>)?
        while true {
            if pattern.first == UInt8(ascii: "*") {
                pattern = pattern.dropFirst()
                retry = (pattern, name)
            } else if let byte = name.first, let wanted = pattern.first,
                wanted == byte || wanted == UInt8(ascii: "?")
            {
                pattern = pattern.dropFirst()
                name = name.dropFirst()
            } else if name.isEmpty, pattern.isEmpty {
                return true
            } else if let last = retry, !last.name.isEmpty {
                retry = (last.pattern, last.name.dropFirst())
                pattern = last.pattern
                name = last.name.dropFirst()
            } else {
                return false
            }
        }
    }
}

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
