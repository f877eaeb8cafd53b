// SPDX-License-Identifier: Apache-2.0

internal import Deployments
internal import ReprieveProtocol

extension DeploymentPlan {
    /// What an operator reads.
    var text: String {
        var text = "On a new device\n" + newDevice.text + "\nOn a device that is there\n"
        text += existingDevice.text
        guard !warnings.isEmpty else { return text }
        let lines = warnings.map { "  " + printable($0, limit: .max) + "\n" }
        return text + "\nWarnings\n" + lines.joined()
    }
}

extension DevicePlan {
    fileprivate var text: String {
        let rows = components.map { change in
            [
                shown(change.component), change.before.map { shown($0.text) } ?? "-",
                change.after.map { shown($0.text) } ?? "removed",
                printable(change.because, limit: .max),
            ]
        }
        let changes =
            rows.isEmpty
            ? "  no component is there\n"
            : table([["COMPONENT", "BEFORE", "AFTER", "BECAUSE"]] + rows)
        return changes + lines.map { "  " + printable($0, limit: .max) + "\n" }.joined()
    }

    private var lines: [String] {
        if let refused {
            return ["refused: " + refused.reason] + (refused.suggestion.map { ["do: " + $0] } ?? [])
        }
        return ["restarts: " + restartText + reasonText, "asks: " + askText]
    }

    private var restartText: String {
        switch restarts {
        case .none: "nothing"
        case .components: "components"
        case .nucleus where mayReboot: "the nucleus and all components; the machine may reboot"
        case .nucleus: "the nucleus and all components"
        }
    }

    private var reasonText: String {
        restartsBecause.isEmpty ? "" : " (" + list(restartsBecause, limit: 8) + ")"
    }

    private var askText: String {
        guard action == .notify else { return "nobody (\(action.rawValue))" }
        var parts = asks.isEmpty ? [] : [list(asks, limit: 20)]
        if asksAll {
            parts.append(asks.isEmpty ? "all that run" : "all others that run")
        } else if !asksAlso.isEmpty {
            parts.append(list(asksAlso, limit: 20) + ", which no recipe describes")
        }
        let text = asksNobody ? "nobody" : parts.joined(separator: ", and ")
        return text + " (\(action.rawValue), \(duration(timeoutMs)))"
    }
}
