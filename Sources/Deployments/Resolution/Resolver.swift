// SPDX-License-Identifier: Apache-2.0

/// Finds the version of each component, as a nucleus does: the highest that all its dependants
/// accept.
///
/// Components are resolved in the order of their dependencies, so that each is usually resolved
/// once, when all its dependants are. Only where versions depend on each other in a circle it may
/// happen again, a limited number of times.
struct Resolver {
    private let catalogue: Catalogue
    private let installed: [String: SemanticVersion]
    /// A local deployment does not ask for what is newer.
    private let prefersInstalled: Bool
    /// Nil where any version of the nucleus will do.
    private let nucleusRule: NucleusRule?

    private var order: [String] = []
    private var rank: [String: Int] = [:]
    private var isDue: [Bool] = []
    private var next = 0

    private(set) var chosen: [String: ComponentRelease] = [:]
    private var requirements: [String: [Requirement]] = [:]

    init(
        _ catalogue: Catalogue,
        installed: [String: SemanticVersion],
        prefersInstalled: Bool,
        nucleusRule: NucleusRule?
    ) {
        (self.catalogue, self.installed) = (catalogue, installed)
        (self.prefersInstalled, self.nucleusRule) = (prefersInstalled, nucleusRule)
    }

    /// Resolves what the roots need, by their names.
    mutating func resolve(_ roots: [(name: String, requirement: Requirement)]) throws(Refusal) {
        order = catalogue.orderedByDependants(from: roots.map(\.name))
        for (index, name) in order.enumerated() { rank[name] = index }
        isDue = [Bool](repeating: false, count: order.count)
        for (name, requirement) in roots {
            requirements[name, default: []].append(requirement)
            markDue(name)
        }
        var steps = 4 * order.count + 1_000
        while next < order.count {
            guard isDue[next] else {
                next += 1
                continue
            }
            isDue[next] = false
            steps -= 1
            guard steps > 0 else {
                let name = order[next]
                throw Refusal(name, "the versions of \(name) and its dependencies require other ones")
            }
            try choose(order[next])
        }
        if let circle = circle(from: roots.map(\.name)) { throw Refusal(circle: circle) }
    }

    func requirements(of name: String) -> [Requirement] { requirements[name] ?? [] }

    /// Whether only the rule about the nucleus excludes a version.
    func isHeldByRule(_ name: String, _ version: SemanticVersion) -> Bool {
        nucleusRule.map { !$0.allows(name, version) } ?? false
    }

    private mutating func markDue(_ name: String) {
        guard let rank = rank[name] else { return }
        isDue[rank] = true
        next = min(next, rank)
    }

    private mutating func choose(_ name: String) throws(Refusal) {
        let required = requirements(of: name)
        let release = required.isEmpty ? nil : try best(name, required)
        let previous = chosen[name]
        guard release != previous else { return }
        chosen[name] = release
        for dependency in previous?.dependencies ?? [] {
            requirements[dependency.name]?.removeAll { $0.isOf(name) }
            markDue(dependency.name)
        }
        guard let release else { return }
        let origin = Requirement.Origin.component(name, release.version)
        for dependency in release.dependencies {
            let requirement = Requirement(origin: origin, range: dependency.range)
            requirements[dependency.name, default: []].append(requirement)
            markDue(dependency.name)
        }
    }

    private func best(
        _ name: String,
        _ required: [Requirement]
    ) throws(Refusal) -> ComponentRelease {
        let releases = catalogue.releases[name] ?? []
        if prefersInstalled, let version = installed[name], required.allow(version),
            let release = releases.first(where: { $0.version == version })
        {
            return release
        }
        let fitting = releases.filter { required.allow($0.version) }
        let allowed = fitting.first { nucleusRule?.allows(name, $0.version) ?? true }
        if let allowed { return allowed }
        if let nucleusRule, let release = fitting.first {
            throw nucleusRule.refusal(release.version, required)
        }
        throw catalogue.refusal(of: name, required)
    }
}
