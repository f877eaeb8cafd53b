// SPDX-License-Identifier: Apache-2.0

import Negotiation

// What the operator settled for components by their names.

extension GateAccount {
    func maxDefer(of name: ComponentName) -> Duration {
        if accounts[name]?.isVeto ?? rules.isVeto(name, in: request) { return .unlimited }
        return min(policy.maxDefer, rules.lastWord(on: name, \.maxDefer) ?? policy.maxDefer)
    }

    func budget(of name: ComponentName) -> Duration {
        if rules.isVeto(name, in: request) { return .unlimited }
        return min(
            policy.maxTotalDefer,
            rules.lastWord(on: name, \.maxTotalDefer) ?? policy.maxTotalDefer
        )
    }

    /// The budget of UNIT/NAME where it is less than that of the required NAME that it meets.
    func lesserBudget(of name: ComponentName, than other: ComponentName) -> Duration? {
        let budget = budget(of: name)
        return budget < self.budget(of: other) ? budget : nil
    }

    /// The components of a unit share what they may block.
    func blockedByUnit(of name: ComponentName) -> Duration {
        let unit = accounts.filter { name.contains("/") && $0.key.unit == name.unit }
        return unit.map { min($0.value.used, $0.value.budget) }.max() ?? .zero
    }

    /// The names that the request requires, and those that rules require and it concerns.
    var required: [ComponentName] {
        let wanted = (request.components ?? []) + policy.require
        let isAll = request.components?.isEmpty ?? true
        let isOwnVeto = { rules.isVeto($0, in: request) }
        let ruled = rules.map(\.pattern).filter { name in
            !name.contains { $0 == "*" || $0 == "?" }
                && (rules.lastWord(on: name, \.isRequired) ?? false || isOwnVeto(name))
        }
        return policy.require + ruled.filter { isAll || wanted.contains(where: $0.answers) }
    }
}

extension [ComponentRule] {
    /// Of the rules that match, the last one that says something counts.
    func lastWord<Value>(
        on name: ComponentName,
        _ value: (ComponentRule) -> Value?
    ) -> Value? {
        filter { $0.matches(name) }.compactMap(value).last
    }
}
