// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Tokens

/// A value that holds, and where it was set: "/etc/reprieve/reprieved.conf:12", the name of an
/// option, or "default".
private struct EffectiveValue {
    var value: String
    var place: String
}

extension LoadedConfiguration {
    /// What holds for updates that do not say otherwise, and for each component that has a section
    /// of its own or a token, in the syntax of the file and with the source of each value.
    var policyText: String {
        let policy = section("[Policy]", SettingTable.policy.map { ($0.key, policyValue($0.key)) })
        return ([policy] + componentNames.map(componentText)).joined(separator: "\n")
    }

    private var componentNames: [String] {
        let named = configuration.negotiation.rules.filter { !$0.isPattern }.map(\.pattern)
        return Set(named + tokens.entries.map(\.component)).sorted()
    }

    private func section(_ header: String, _ values: [(key: String, EffectiveValue)]) -> String {
        let lines = values.map { key, found in
            let text = "\(key)=\(found.value)"
            return text + String(repeating: " ", count: max(2, 24 - text.count)) + found.place
        }
        return ([header] + lines).map { $0 + "\n" }.joined()
    }

    private func componentText(_ name: String) -> String {
        let values = SettingTable.component.map { ($0.key, componentValue($0, name)) }
        // No maximum applies to a component that must agree.
        let isVeto = values.contains { $0 == "Veto" && (try? parsedFlag($1.value)) == true }
        let kept = values.filter { !isVeto || !["MaxDefer", "MaxTotalDefer"].contains($0.0) }
        return section("[Component \(name)]", kept)
    }

    private func policyValue(_ key: String) -> EffectiveValue {
        let initial = SettingTable.policy.first { $0.key == key }?.initial ?? ""
        return latest(key) { $0 == .policy } ?? EffectiveValue(value: initial, place: "default")
    }

    /// A rule shortens the times of the policy, and does not lengthen them.
    private func componentValue(_ setting: Setting<ComponentRule>, _ name: String) -> EffectiveValue
    {
        let rule = latest(setting.key) { section in
            guard case .component(let pattern) = section else { return false }
            return ComponentRule(pattern: pattern).matches(name)
        }
        guard setting.initial.isEmpty else {
            return rule ?? EffectiveValue(value: setting.initial, place: "default")
        }
        let policy = policyValue(setting.key)
        guard let rule, let own = try? parsedDuration(rule.value),
            let general = try? parsedDuration(policy.value), own <= general
        else { return policy }
        return rule
    }

    private func latest(
        _ key: String,
        in isMeant: (ConfigurationSection) -> Bool
    ) -> EffectiveValue? {
        assignments.last { $0.key == key && isMeant($0.section) }.map {
            EffectiveValue(value: $0.value, place: $0.place)
        }
    }
}
