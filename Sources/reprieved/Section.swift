// SPDX-License-Identifier: Apache-2.0

import Negotiation

/// A section of the configuration file, and whatever else sets something.
enum Section: Hashable {
    case broker
    case policy
    /// `[Component PATTERN]`.
    case component(String)

    /// What stands in the brackets.
    init(_ text: String) throws(ValueError) {
        let words = text.split { $0 == " " || $0 == "\t" }.map(String.init)
        switch words.first {
        case "Broker" where words.count == 1: self = .broker
        case "Policy" where words.count == 1: self = .policy
        case "Component" where words.count == 2:
            _ = try rule(for: words[1])
            self = .component(words[1])
        default: throw ValueError("is none of [Broker], [Policy] and [Component NAME]")
        }
    }

    func knows(_ key: String) -> Bool {
        switch self {
        case _ where key.isEmpty: true
        case .broker: SettingTable.broker.contains { $0.key == key }
        case .policy: SettingTable.policy.contains { $0.key == key }
        case .component: SettingTable.component.contains { $0.key == key }
        }
    }
}

/// One value, where it is set.
struct Assignment {
    var section: Section
    /// Empty where a component is only named, which makes it known.
    var key: String
    var value: String
    /// "/etc/reprieve/reprieved.conf:12".
    var place: String

    func apply(to configuration: inout Configuration) throws(ValueError) {
        switch section {
        case .broker: try set(SettingTable.broker, &configuration)
        case .policy: try set(SettingTable.policy, &configuration)
        case .component(let pattern):
            var rules = configuration.negotiation.rules
            if rules.last?.pattern != pattern { rules.append(try rule(for: pattern)) }
            try set(SettingTable.component, &rules[rules.count - 1])
            configuration.negotiation.rules = rules
        }
    }

    private func set<Target>(
        _ table: [Setting<Target>],
        _ target: inout Target
    ) throws(ValueError) {
        try table.first { $0.key == key }?.set(&target, value)
    }
}
