// SPDX-License-Identifier: Apache-2.0

import Negotiation

/// A section of the configuration file. Options belong to sections, too.
enum ConfigurationSection: Hashable {
    case broker
    case policy
    /// `[Component PATTERN]`.
    case component(String)

    /// Reads what stands between the brackets.
    init(_ text: String) throws(ValueError) {
        let words = text.split { $0 == " " || $0 == "\t" }.map(String.init)
        switch words.first {
        case "Broker" where words.count == 1: self = .broker
        case "Policy" where words.count == 1: self = .policy
        case "Component" where words.count == 2:
            _ = try emptyRule(for: words[1])
            self = .component(words[1])
        default: throw ValueError("is none of [Broker], [Policy] and [Component NAME]")
        }
    }

    /// Whether it has such a key. The empty key is that of a section's header.
    func knows(_ key: String) -> Bool { key.isEmpty || keys.contains(key) }

    var keys: [String] {
        switch self {
        case .broker: SettingTable.broker.map(\.key)
        case .policy: SettingTable.policy.map(\.key)
        case .component: SettingTable.component.map(\.key)
        }
    }
}
