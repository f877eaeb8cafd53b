// SPDX-License-Identifier: Apache-2.0

extension Planner {
    /// Decides what restarts, and so who is asked.
    func setRestarts(in plan: inout DevicePlan, _ chosen: [String: ComponentRelease]) {
        let changes = plan.components.filter { $0.before != $0.after }
        plan.mayReboot = changes.contains { chosen[$0.component]?.hasBootstrap == true }
        let reasons =
            changes.compactMap { reasonForNucleus($0, chosen) } + settingsReason(plan.components)
        let restarting = restarting(changes, chosen)
        if !reasons.isEmpty {
            (plan.restarts, plan.restartsBecause) = (.nucleus, reasons)
        } else if !restarting.isEmpty {
            (plan.restarts, plan.restartsBecause) = (.components, restarting.map(\.reason))
        }
        guard plan.action == .notify, plan.restarts != .none else { return }
        plan.asks =
            plan.restarts == .nucleus
            ? plan.components.filter { !isNucleus($0, chosen) }.map(\.component).filter(mayRun)
            : restarting.map(\.name).filter(mayRun)
    }

    /// Why a change of a component restarts the nucleus; nil if it does not.
    private func reasonForNucleus(
        _ change: DevicePlan.Change,
        _ chosen: [String: ComponentRelease]
    ) -> String? {
        let name = change.component
        if let release = chosen[name] {
            let version = release.version.text
            if release.kind == .nucleus { return "the nucleus becomes \(name) \(version)" }
            if release.hasBootstrap { return "\(name) \(version) has a bootstrap step" }
        }
        guard let before = change.before, isPlugin(name, before) else { return nil }
        return "the plugin \(name) " + (change.after == nil ? "is removed" : "changes its version")
    }

    private func isPlugin(_ name: String, _ version: SemanticVersion) -> Bool {
        device?.plugins.contains(name) == true || catalogue.release(name, version)?.kind == .plugin
    }

    private func mayRun(_ name: String) -> Bool { mayRunMore || installed[name] != nil }

    private func isNucleus(
        _ change: DevicePlan.Change,
        _ chosen: [String: ComponentRelease]
    ) -> Bool {
        if let release = chosen[change.component] { return release.kind == .nucleus }
        return change.before.map { isNucleus(change.component, $0) } ?? false
    }

    /// Without the present values, a setting that is given counts as changed.
    private func settingsReason(_ components: [DevicePlan.Change]) -> [String] {
        guard !deployment.startupSettings.isEmpty else { return [] }
        let names = deployment.startupSettings.joined(separator: ", ")
        return ["the deployment sets \(names) of the nucleus"]
    }

    /// The components that change, or are configured, and those with a hard dependency on them.
    private func restarting(
        _ changes: [DevicePlan.Change],
        _ chosen: [String: ComponentRelease]
    ) -> [(name: String, reason: String)] {
        var reasons: [String: String] = [:]
        var due: [String] = []
        for change in changes {
            reasons[change.component] = change.text
            due.append(change.component)
        }
        for name in deployment.configured.sorted() where reasons[name] == nil {
            // The nucleus takes what is not read at its start without a restart.
            guard let release = chosen[name], release.kind != .nucleus else { continue }
            reasons[name] = "\(name) is configured"
            due.append(name)
        }
        let dependants = hardDependants(chosen)
        while let name = due.popLast() {
            for dependant in dependants[name] ?? [] where reasons[dependant] == nil {
                reasons[dependant] = "\(dependant) depends on \(name)"
                due.append(dependant)
            }
        }
        return reasons.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private func hardDependants(_ chosen: [String: ComponentRelease]) -> [String: [String]] {
        var dependants: [String: [String]] = [:]
        for (name, release) in chosen.sorted(by: { $0.key < $1.key }) {
            for dependency in release.dependencies where dependency.isHard {
                dependants[dependency.name, default: []].append(name)
            }
        }
        return dependants
    }
}

extension DevicePlan.Change {
    fileprivate var text: String {
        switch (before, after) {
        case (nil, .some(let after)): "\(component) \(after.text) is new"
        case (.some, .some(let after)): "\(component) becomes \(after.text)"
        default: "\(component) is removed"
        }
    }
}
