// SPDX-License-Identifier: Apache-2.0

import Negotiation

/// One value, and where it was set.
struct Assignment {
    var section: ConfigurationSection
    /// Empty for the header of a section, which makes its component known.
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
            if rules.last?.pattern != pattern { rules.append(try emptyRule(for: pattern)) }
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

extension [Assignment] {
    /// These, without those that a later empty value takes back, as in systemd's files.
    var withoutTakenBack: Self {
        var kept: Self = []
        for assignment in self {
            if assignment.value.isEmpty, !assignment.key.isEmpty {
                kept.removeAll { $0.section == assignment.section && $0.key == assignment.key }
            } else {
                kept.append(assignment)
            }
        }
        return kept
    }
}
