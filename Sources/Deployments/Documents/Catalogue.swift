// SPDX-License-Identifier: Apache-2.0

package import StrictJSON

/// A version of a component, as its recipe describes it.
package struct ComponentRelease: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        case generic
        case lambda
        case plugin
        case nucleus
    }

    package struct Dependency: Hashable, Sendable {
        var name: String
        var range: VersionRange
        /// Whether the dependant restarts with it. The range counts in any case.
        var isHard = true
    }

    package var version: SemanticVersion
    package var kind = Kind.generic
    /// Whether a step of its installation runs while no component does.
    var hasBootstrap = false
    /// The components whose configuration or version may change that step, this one among them; nil
    /// where no recipe has been read.
    var bootstrapInputs: Set<String>?
    var dependencies: [Dependency] = []
    /// The dependencies whose values the recipe uses, such as the path of their artifacts.
    var uses: Set<String> = []
    /// Whether a recipe or a catalogue has it.
    var isDescribed = true

    package init(_ version: SemanticVersion) { self.version = version }

    /// What a recipe and a catalogue say together; nil if they contradict each other.
    func combined(with other: Self) -> Self? {
        var (one, other) = (self, other)
        one.uses.formUnion(other.uses)
        one.bootstrapInputs = one.bootstrapInputs ?? other.bootstrapInputs
        (other.uses, other.bootstrapInputs) = (one.uses, one.bootstrapInputs)
        return one == other ? one : nil
    }
}

/// The versions of components that there are.
package struct Catalogue: Sendable {
    private var releases: [String: [SemanticVersion: ComponentRelease]] = [:]
    /// Whether nothing was read into it. Nothing is known of dependencies then.
    package internal(set) var isEmpty = true

    package init() {}

    /// Adds a release. The same one may be added several times, if it does not change.
    package mutating func insert(_ release: ComponentRelease, of name: String) throws(JSONError) {
        isEmpty = false
        let known = self.release(name, release.version) ?? release
        guard let release = known.combined(with: release) else {
            throw JSONError("\(name) \(release.version.text) is described twice, and differently")
        }
        releases[name, default: [:]][release.version] = release
    }

    /// Adds what is installed, so that it can stay, where no recipe describes it.
    mutating func insert(installed version: SemanticVersion, of name: String, isPlugin: Bool) {
        guard release(name, version) == nil else { return }
        var release = ComponentRelease(version)
        release.isDescribed = false
        release.kind = isNucleusName(name) ? .nucleus : isPlugin ? .plugin : .generic
        releases[name, default: [:]][version] = release
    }

    func release(_ name: String, _ version: SemanticVersion) -> ComponentRelease? {
        releases[name]?[version]
    }

    /// The releases of each component, the highest version first.
    var sorted: SortedReleases {
        releases.mapValues { $0.values.sorted { $0.version > $1.version } }
    }
}
