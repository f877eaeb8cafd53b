// SPDX-License-Identifier: Apache-2.0

extension Planner {
    /// Decides what restarts, and so who is asked.
    func setRestarts(in plan: inout DevicePlan, _ chosen: [String: ComponentRelease]) {
        let changes = plan.components.filter { $0.before != $0.after }
        let bootstraps = bootstrapReasons(changes, chosen)
        plan.mayReboot =
            !bootstraps.isEmpty || changes.contains { chosen[$0.component]?.hasBootstrap == true }
        let reasons =
            changes.compactMap { reasonForNucleus($0, chosen) } + bootstraps + settingsReason
        let restarting = restarting(changes, chosen)
        if !reasons.isEmpty {
            (plan.restarts, plan.restartsBecause) = (.nucleus, reasons)
        } else if !restarting.isEmpty {
            (plan.restarts, plan.restartsBecause) = (.components, restarting.map(\.reason))
        }
        guard plan.action == .notify else { return }
        let restartsNucleus = plan.restarts == .nucleus
        plan.asksAll = mayRunMore || (device != nil && restartsNucleus)
        if plan.restarts != .none {
            plan.asks =
                restartsNucleus
                ? plan.components.filter { !isNucleus($0, chosen) }.map(\.component).filter(mayRun)
                : restarting.map(\.name).filter(mayRun)
        }
        guard device != nil, !restartsNucleus else { return }
        let altered = altered(chosen)
        guard !altered.isEmpty else { return }
        let undescribed = undescribed(chosen)
        let more = self.restarting(changes, chosen, with: undescribed + unreadUsers(chosen))
        plan.asksAlso = more.map(\.name).filter { mayRun($0) && !plan.asks.contains($0) }
        // One that nothing describes may have a bootstrap step, or be a plugin.
        plan.asksAll =
            plan.asksAll || !altered.isDisjoint(with: undescribed)
            || !unreadBootstraps(chosen).isEmpty
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

    /// Which bootstrap steps run again though the version stays: their text may have changed.
    private func bootstrapReasons(
        _ changes: [DevicePlan.Change],
        _ chosen: [String: ComponentRelease]
    ) -> [String] {
        let altered = altered(chosen)
        let changed = Set(changes.map(\.component))
        return chosen.sorted { $0.key < $1.key }.compactMap { name, release in
            // That of the nucleus is known: `startupSettings` has what it uses.
            guard !changed.contains(name), !isNucleusName(name) else { return nil }
            let inputs = release.bootstrapInputs?.intersection(altered) ?? []
            if inputs.contains(name) { return "\(name) is configured and has a bootstrap step" }
            return inputs.min().map { "the bootstrap step of \(name) may use values of \($0)" }
        }
    }

    /// The components whose bootstrap step may change, as no recipe says what it uses.
    func unreadBootstraps(_ chosen: [String: ComponentRelease]) -> [String] {
        let altered = altered(chosen)
        return chosen.filter { name, release in
            guard release.hasBootstrap, release.bootstrapInputs == nil, !isNucleusName(name) else {
                return false
            }
            let inputs = release.dependencies.filter(\.isHard).map(\.name) + [name]
            return !altered.isDisjoint(with: inputs)
        }.keys.sorted()
    }

    /// The components that may use values of a nucleus that is configured, as no recipe says what
    /// they use.
    private func unreadUsers(_ chosen: [String: ComponentRelease]) -> [String] {
        let nuclei = deployment.configured.filter { chosen[$0]?.kind == .nucleus }
        return chosen.filter { name, release in
            release.bootstrapInputs == nil && release.kind != .nucleus
                && release.dependencies.contains { $0.isHard && nuclei.contains($0.name) }
        }.keys.sorted()
    }

    /// The components that are configured, or become others.
    private func altered(_ chosen: [String: ComponentRelease]) -> Set<String> {
        let removed = installed.filter { name, version in
            chosen[name] == nil && !isNucleus(name, version)
        }
        let others = chosen.filter { name, release in installed[name] != release.version }
        return deployment.configured.union(removed.keys).union(others.keys)
    }

    private func isPlugin(_ name: String, _ version: SemanticVersion) -> Bool {
        if device?.plugins.contains(name) == true { return true }
        guard let release = catalogue.release(name, version), release.isDescribed else {
            return releases[name]?.contains { $0.kind == .plugin } ?? false
        }
        return release.kind == .plugin
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
    private var settingsReason: [String] {
        guard !deployment.startupSettings.isEmpty else { return [] }
        let names = deployment.startupSettings.joined(separator: ", ")
        return ["the deployment sets \(names) of the nucleus"]
    }

    /// The components of which nothing but the version is known, by their names.
    func undescribed(_ chosen: [String: ComponentRelease]) -> [String] {
        let removed = installed.compactMap { name, version in
            chosen[name] == nil ? catalogue.release(name, version).map { (name, $0) } : nil
        }
        return chosen.merging(removed) { one, _ in one }
            .filter { !$0.value.isDescribed && $0.value.kind != .nucleus }.keys.sorted()
    }

    /// The components that change, or are configured, and those that restart with them.
    private func restarting(
        _ changes: [DevicePlan.Change],
        _ chosen: [String: ComponentRelease],
        with more: [String] = []
    ) -> [(name: String, reason: String)] {
        var reasons: [String: String] = [:]
        var due: [String] = []
        func add(_ name: String, _ reason: String) {
            guard reasons[name] == nil else { return }
            reasons[name] = reason
            due.append(name)
        }
        let dependants = dependants(chosen)
        for change in changes { add(change.component, change.text) }
        for name in deployment.configured.sorted() {
            guard chosen[name]?.kind == .nucleus else {
                if chosen[name] != nil { add(name, "\(name) is configured") }
                continue
            }
            // The nucleus takes what is not read at its start without a restart.
            for user in dependants[name] ?? [] where user.uses {
                add(user.name, "\(user.name) uses values of \(name)")
            }
        }
        for name in more { add(name, "no recipe describes \(name)") }
        while let name = due.popLast() {
            for dependant in dependants[name] ?? [] {
                let verb = dependant.uses ? "uses values of" : "depends on"
                add(dependant.name, "\(dependant.name) \(verb) \(name)")
            }
        }
        return reasons.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// What restarts with each component: what has a hard dependency on it, or uses its values,
    /// which become part of the life cycle of their user.
    private func dependants(
        _ chosen: [String: ComponentRelease]
    ) -> [String: [(name: String, uses: Bool)]] {
        var dependants: [String: [(name: String, uses: Bool)]] = [:]
        for (name, release) in chosen.sorted(by: { $0.key < $1.key }) {
            for dependency in release.dependencies {
                let uses = release.uses.contains(dependency.name)
                guard uses || dependency.isHard else { continue }
                dependants[dependency.name, default: []].append((name, uses))
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
