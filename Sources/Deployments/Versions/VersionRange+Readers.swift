// SPDX-License-Identifier: Apache-2.0

extension VersionRange {
    /// Why Greengrass Lite reads the range as another one, or not at all; nil if it reads it well.
    /// It knows whole versions, blanks, and `>`, `>=`, `<`, `<=` and `=`.
    var unknownToLite: String? {
        if text.contains("||") { return "||" }
        for sign in ["~", "^", "*", " - "] where text.contains(sign) { return sign }
        let words = text.split { " \t<>=".contains($0) }
        for word in words {
            guard let parts = VersionParts(word) else { return String(word) }
            if parts.hasWildcard { return "x" }
        }
        // `>=2.1` is compared as it stands. `2.1` is taken for one version.
        let isPartial = text.split { $0 == " " || $0 == "\t" }.contains { word in
            guard let first = word.first, first.isNumber || first == "=" else { return false }
            return VersionParts(word.drop { $0 == "=" })?.numbers.count ?? 3 < 3
        }
        return isPartial ? "a version with fewer than three numbers" : nil
    }

    /// Whether a nucleus takes the hyphen in a single version for that of a range: the tag of the
    /// pre-release begins with a digit, or has another hyphen.
    var hasTagUnknownToNucleus: Bool {
        guard let tag = exactVersion?.tag, let first = tag.first else { return false }
        return first.isNumber || tag.contains("-")
    }
}
