// SPDX-License-Identifier: Apache-2.0

extension SortedReleases {
    /// Says why no version of a component will do, and which other versions would fit together.
    func refusal(of name: String, _ required: [Requirement]) -> Refusal {
        guard let releases = self[name] else {
            return Refusal(name, "no recipe or catalogue has \(name): \(required.text)")
        }
        guard let nearest = nearest(in: releases, required) else {
            return Refusal(name, "there is no version of \(name): \(required.text)")
        }
        let excluding = required.filter { !$0.range.contains(nearest) }
        let others = required.filter { $0.range.contains(nearest) }
        let reason = "no version of \(name) fits: \((excluding + others).text)"
        let fixes = excluding.compactMap { fix(for: $0, name, nearest) }
        let suggestion = fixes.prefix(4).joined(separator: "; ")
        return Refusal(
            excluding.lazy.compactMap(\.component).first ?? name,
            reason,
            suggestion: suggestion.isEmpty ? nil : suggestion
        )
    }

    /// The version that the fewest parties exclude. What the deployment names comes first.
    private func nearest(
        in releases: [ComponentRelease],
        _ required: [Requirement]
    ) -> SemanticVersion? {
        func cost(_ version: SemanticVersion) -> Int {
            required.reduce(0) { cost, one in
                guard !one.range.contains(version) else { return cost }
                return cost + (one.component == nil ? required.count + 1 : 1)
            }
        }
        return releases.map { (cost($0.version), $0.version) }
            .min { $0.0 != $1.0 ? $0.0 < $1.0 : $0.1 > $1.1 }?.1
    }

    /// What to do about a party that excludes a version.
    private func fix(
        for requirement: Requirement,
        _ name: String,
        _ version: SemanticVersion
    ) -> String? {
        switch requirement.origin {
        case .deployment: return "the nearest version of \(name) is \(version.text)"
        case .group(let group): return "let the group \(group) accept \(name) \(version.text)"
        case .component(let dependant, let current):
            let fitting = (self[dependant] ?? []).filter {
                $0.dependencies.allSatisfy { $0.name != name || $0.range.contains(version) }
            }
            let fix = fitting.last { $0.version > current } ?? fitting.first
            return fix.map { "\(dependant) \($0.version.text) accepts \(name) \(version.text)" }
        }
    }
}

extension Requirement {
    /// The component that sets the range; nil for the deployment and for a group.
    var component: String? {
        if case .component(let name, _) = origin { name } else { nil }
    }
}
