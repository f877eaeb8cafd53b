// SPDX-License-Identifier: Apache-2.0

/// Makes the plan of one device.
struct Planner {
    let deployment: Deployment
    /// Nil for a new device, and where nothing is known of one that is there.
    let device: InstalledComponents?
    /// Whether components may run that `device` does not name.
    let mayRunMore: Bool
    let catalogue: Catalogue
    let releases: SortedReleases
    private(set) var warnings: [String] = []

    init(
        _ deployment: Deployment,
        _ device: InstalledComponents?,
        mayRunMore: Bool,
        _ catalogue: Catalogue
    ) {
        (self.deployment, self.device, self.mayRunMore) = (deployment, device, mayRunMore)
        var catalogue = catalogue
        for (name, version) in device?.components ?? [:] {
            let isPlugin = device?.plugins.contains(name) == true
            catalogue.insert(installed: version, of: name, isPlugin: isPlugin)
        }
        if catalogue.isEmpty {
            for root in deployment.roots {
                guard let version = root.range?.exactVersion else { continue }
                catalogue.insert(installed: version, of: root.name, isPlugin: false)
            }
        }
        self.catalogue = catalogue
        releases = catalogue.sorted
    }

    var installed: [String: SemanticVersion] { device?.components ?? [:] }

    mutating func plan() -> DevicePlan {
        do {
            var resolver = Resolver(
                releases,
                installed: installed,
                prefersInstalled: deployment.isLocal,
                nucleusRule: nucleusRule
            )
            try resolver.resolve(try roots())
            try checkNuclei(resolver.chosen)
            warnings += warningsOfRanges(resolver)
            warnings += warningsOfGroups + warningsOfDescriptions(resolver.chosen)
            return plan(for: resolver)
        } catch {
            var plan = unchanged("the deployment is refused")
            plan.refused = error
            return plan
        }
    }

    /// For a device that the deployment does not concern.
    func unchanged(_ because: String = "devices that are there do not get it again") -> DevicePlan {
        var plan = DevicePlan()
        plan.components = installed.sorted { $0.key < $1.key }.map { name, version in
            DevicePlan.Change(component: name, before: version, after: version, because: because)
        }
        (plan.action, plan.timeoutMs) = (deployment.action, deployment.timeoutMs)
        return plan
    }

    private var nucleusRule: NucleusRule? {
        guard let (name, version) = installedNucleus,
            !deployment.roots.contains(where: { $0.name == name })
        else { return nil }
        return NucleusRule(name: name, installed: version)
    }

    private var installedNucleus: (name: String, version: SemanticVersion)? {
        installed.sorted { $0.key < $1.key }.first { isNucleus($0.key, $0.value) }
            .map { ($0.key, $0.value) }
    }

    func isNucleus(_ name: String, _ version: SemanticVersion) -> Bool {
        catalogue.release(name, version)?.kind == .nucleus
    }

    private func checkNuclei(_ chosen: [String: ComponentRelease]) throws(Refusal) {
        let nuclei = chosen.filter { $0.value.kind == .nucleus }.sorted { $0.key < $1.key }
        guard nuclei.count > 1 else { return }
        let names = nuclei.map { "\($0.key) \($0.value.version.text)" }.joined(separator: " and ")
        throw Refusal(nuclei[1].key, "a device has one nucleus, and the deployment needs \(names)")
    }
}
