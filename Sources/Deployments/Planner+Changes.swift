// SPDX-License-Identifier: Apache-2.0

extension Planner {
    func plan(for resolver: Resolver) -> DevicePlan {
        var plan = DevicePlan()
        let names = Set(resolver.chosen.keys).union(installed.keys)
        plan.components = names.sorted().map { change(of: $0, resolver) }
        (plan.action, plan.timeoutMs) = (deployment.action, deployment.timeoutMs)
        setRestarts(in: &plan, resolver.chosen)
        return plan
    }

    /// What is not known of components, so that a gate asks more of them.
    func warningsOfDescriptions(_ chosen: [String: ComponentRelease]) -> [String] {
        // Without any recipe or catalogue, there is one warning of all.
        guard device != nil, !catalogue.isEmpty else { return [] }
        var warnings: [String] = []
        let undescribed = undescribed(chosen)
        if !undescribed.isEmpty {
            warnings.append(
                "no recipe or catalogue describes \(listed(undescribed)): if anything changes, a"
                    + " gate asks more components than need be"
            )
        }
        let unread = unreadBootstraps(chosen)
        if !unread.isEmpty {
            warnings.append(
                "no recipe says what the bootstrap step of \(listed(unread)) uses: the nucleus may"
                    + " restart, and a gate asks all components"
            )
        }
        return warnings
    }

    private func listed(_ names: [String]) -> String {
        let more = names.count > 20 ? " and \(names.count - 20) more" : ""
        return names.prefix(20).joined(separator: ", ") + more
    }

    private func change(of name: String, _ resolver: Resolver) -> DevicePlan.Change {
        let before = installed[name]
        if let release = resolver.chosen[name] {
            let because = reason(for: name, release.version, resolver)
            return .init(component: name, before: before, after: release.version, because: because)
        }
        let isNucleus = before.map { self.isNucleus(name, $0) } ?? false
        guard isNucleus else {
            let because = "neither the deployment nor another group of the device needs it"
            return .init(component: name, before: before, after: nil, because: because)
        }
        let because = "the deployment neither names the nucleus nor has anything that depends on it"
        return .init(component: name, before: before, after: before, because: because)
    }

    /// Names the parties that exclude the next higher version, or says that there is none.
    private func reason(
        for name: String,
        _ version: SemanticVersion,
        _ resolver: Resolver
    ) -> String {
        let required = resolver.requirements(of: name)
        if deployment.isLocal, installed[name] == version { return "it is installed, and fits" }
        let higher = (releases[name] ?? []).last {
            $0.version > version && !$0.version.isPrerelease
        }
        guard let higher else { return "the latest version: " + required.text }
        let deciding = required.filter { !$0.range.contains(higher.version) }
        if deciding.isEmpty, !required.isEmpty, resolver.isHeldByRule(name, higher.version) {
            return "the latest patch, as the deployment does not name the nucleus: " + required.text
        }
        return (deciding.isEmpty ? required : deciding).text
    }
}
