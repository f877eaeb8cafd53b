// SPDX-License-Identifier: Apache-2.0

/// Finds the version of each component, as a nucleus does: the highest that all its dependants
/// accept.
///
/// Components are resolved in the order of their dependencies, so that each is usually resolved
/// once, when all its dependants are. Only where versions depend on each other in a circle it
/// happens again. How often, and how much is compared, has a limit.
struct Resolver {
    private let releases: SortedReleases
    private let installed: [String: SemanticVersion]
    /// A local deployment does not ask for what is newer.
    private let prefersInstalled: Bool
    /// Nil where any version of the nucleus will do.
    private let nucleusRule: NucleusRule?

    private var order: [String] = []
    private var rank: [String: Int] = [:]
    private var isDue: [Bool] = []
    private var next = 0

    /// How often each component was resolved.
    private var choices: [Int] = []
    /// A component that has its dependants behind it is resolved once, and one in a circle of
    /// versions again until all agree. They never do if they do not soon.
    private static let maximumChoices = 100
    /// How often a version was compared with a range, at most.
    private var work = 0
    /// Some seconds. A device's components need thousands.
    private static let maximumWork = 20_000_000

    private(set) var chosen: [String: ComponentRelease] = [:]
    private var requirements: [String: [Requirement]] = [:]

    init(
        _ releases: SortedReleases,
        installed: [String: SemanticVersion],
        prefersInstalled: Bool,
        nucleusRule: NucleusRule?
    ) {
        (self.releases, self.installed) = (releases, installed)
        (self.prefersInstalled, self.nucleusRule) = (prefersInstalled, nucleusRule)
    }

    /// Resolves what the roots need, by their names.
    mutating func resolve(_ roots: [(name: String, requirement: Requirement)]) throws(Refusal) {
        order = releases.orderedByDependants(from: roots.map(\.name))
        for (index, name) in order.enumerated() { rank[name] = index }
        isDue = [Bool](repeating: false, count: order.count)
        choices = [Int](repeating: 0, count: order.count)
        for (name, requirement) in roots {
            requirements[name, default: []].append(requirement)
            markDue(name)
        }
        while next < order.count {
            guard isDue[next] else {
                next += 1
                continue
            }
            isDue[next] = false
            let name = order[next]
            work += 1 + (releases[name]?.count ?? 0) * requirements(of: name).count
            choices[next] += 1
            guard choices[next] <= Self.maximumChoices, work <= Self.maximumWork else {
                throw Refusal(name, "the versions of \(name) and of others require each other")
            }
            try choose(name)
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
        let releases = self.releases[name] ?? []
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
        throw self.releases.refusal(of: name, required)
    }
}
