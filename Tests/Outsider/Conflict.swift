// SPDX-License-Identifier: Apache-2.0

import Negotiation

// Which updates have to wait for each other. Their requests alone say that.

extension UpdateRequest {
    /// Whether this update may not begin while the other one is made.
    func waits(for other: UpdateRequest) -> Bool {
        if !isExclusive || !other.isExclusive || other.isShutdown { return false }
        if isShutdown { return !goesDown(like: other) }
        return stopsAll || other.stopsAll
            || names.contains { one in
                other.names.contains { one.answers(to: $0) || $0.answers(to: one) }
            }
    }

    private var stopsAll: Bool { disruption != .components || (components ?? []).isEmpty }

    private var names: [ComponentName] { (components ?? []) + policy.require }

    /// Both end with the machine going down, and with its coming up again or not.
    private func goesDown(like other: UpdateRequest) -> Bool {
        let ways: [[Disruption]] = [[.softReboot, .kexec, .reboot], [.powerOff, .halt]]
        return ways.contains { $0.contains(disruption) && $0.contains(other.disruption) }
    }
}

extension [ComponentRule] {
    /// The names without whose yes no update goes ahead: whole ones, as the last rule says.
    var vetoes: [ComponentName] {
        filter { rule in
            rule.isVeto == true && !rule.pattern.contains { "*?".contains($0) }
                && lastWord(on: rule.pattern, \.isVeto) == true
        }
        .map(\.pattern)
    }

    /// Whether the component has a veto in the update. To a shutdown it is like any other.
    func isVeto(_ name: ComponentName, in request: UpdateRequest) -> Bool {
        !request.isShutdown && vetoes.contains { name.meets($0, self) }
    }
}
