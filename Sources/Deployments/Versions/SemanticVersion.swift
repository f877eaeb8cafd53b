// SPDX-License-Identifier: Apache-2.0

/// A version as semver.org has it, without its build metadata, which decides nothing.
package struct SemanticVersion: Hashable, Sendable {
    /// A part of the tag of a pre-release.
    enum Identifier: Hashable, Sendable {
        case number(Int)
        case word(String)
    }

    let major: Int
    let minor: Int
    let patch: Int
    let prerelease: [Identifier]

    init(_ major: Int, _ minor: Int, _ patch: Int, prerelease: [Identifier] = []) {
        (self.major, self.minor, self.patch) = (major, minor, patch)
        self.prerelease = prerelease
    }

    /// Nil for a text that is no version.
    package init?(_ text: String) {
        guard let parts = VersionParts(text), parts.numbers.count == 3 else { return nil }
        (major, minor, patch) = (parts.numbers[0], parts.numbers[1], parts.numbers[2])
        prerelease = parts.prerelease
    }

    package var text: String {
        let core = "\(major).\(minor).\(patch)"
        return isPrerelease ? core + "-" + tag : core
    }

    /// The tag of a pre-release.
    var tag: String { prerelease.map(\.text).joined(separator: ".") }

    var isPrerelease: Bool { !prerelease.isEmpty }

    /// Whether both have the same three numbers.
    func hasCore(of other: SemanticVersion) -> Bool {
        (major, minor, patch) == (other.major, other.minor, other.patch)
    }

    /// Whether an update from one to the other changes no more than the patch.
    func isPatch(of other: SemanticVersion) -> Bool {
        (major, minor) == (other.major, other.minor)
    }
}

extension SemanticVersion: Comparable {
    package static func < (one: Self, other: Self) -> Bool {
        guard one.hasCore(of: other) else {
            return (one.major, one.minor, one.patch) < (other.major, other.minor, other.patch)
        }
        // A pre-release comes before the release.
        guard one.isPrerelease, other.isPrerelease else {
            return one.isPrerelease && !other.isPrerelease
        }
        return one.prerelease.lexicographicallyPrecedes(other.prerelease)
    }
}

extension SemanticVersion.Identifier: Comparable {
    static func < (one: Self, other: Self) -> Bool {
        switch (one, other) {
        case (.number(let one), .number(let other)): one < other
        case (.number, .word): true
        case (.word, .number): false
        case (.word(let one), .word(let other)): one.utf8.lexicographicallyPrecedes(other.utf8)
        }
    }

    fileprivate var text: String {
        switch self {
        case .number(let number): String(number)
        case .word(let word): word
        }
    }
}
