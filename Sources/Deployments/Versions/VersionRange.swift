// SPDX-License-Identifier: Apache-2.0

/// Which versions of a component another one accepts, as npm writes it.
package struct VersionRange: Hashable, Sendable {
    struct Comparator: Hashable, Sendable {
        enum Operator: Hashable, Sendable {
            case less, lessOrEqual, equal, greaterOrEqual, greater
        }

        let comparison: Operator
        let version: SemanticVersion

        init(_ comparison: Operator, _ version: SemanticVersion) {
            (self.comparison, self.version) = (comparison, version)
        }

        func holds(for other: SemanticVersion) -> Bool {
            switch comparison {
            case .less: other < version
            case .lessOrEqual: other <= version
            case .equal: other == version
            case .greaterOrEqual: other >= version
            case .greater: other > version
            }
        }
    }

    package let text: String
    /// One of these holds as a whole: what stands between `||`.
    let alternatives: [[Comparator]]

    /// Exactly one version.
    init(_ version: SemanticVersion) {
        text = version.text
        alternatives = [[Comparator(.equal, version)]]
    }

    init(text: String, alternatives: [[Comparator]]) {
        (self.text, self.alternatives) = (text, alternatives)
    }

    /// The version, if the range is a single one.
    var exactVersion: SemanticVersion? {
        guard alternatives.count == 1, alternatives[0].count == 1 else { return nil }
        return alternatives[0][0].comparison == .equal ? alternatives[0][0].version : nil
    }

    func contains(_ version: SemanticVersion) -> Bool { [self].allContain(version) }
}

extension Sequence<VersionRange> {
    /// Whether a version is in all of these ranges.
    ///
    /// A pre-release must be named: one of the comparators has a pre-release with the same three
    /// numbers. A nucleus takes the comparators of all ranges together for this, and a comparator
    /// that stands alone, such as `*` or `>=1.0.0`, also accepts pre-releases.
    func allContain(_ version: SemanticVersion) -> Bool {
        var (count, isNamed) = (0, !version.isPrerelease)
        for range in self {
            let holding = range.alternatives.filter { $0.allSatisfy { $0.holds(for: version) } }
            guard let fewest = holding.map(\.count).min() else { return false }
            count += fewest
            isNamed =
                isNamed
                || holding.joined().contains {
                    $0.version.isPrerelease && $0.version.hasCore(of: version)
                }
        }
        return isNamed || count <= 1
    }
}
