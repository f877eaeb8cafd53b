// SPDX-License-Identifier: Apache-2.0

extension VersionRange {
    /// Bytes of a range.
    static let maximumLength = 1_024

    /// Nil for a text that is no range.
    package init?(_ text: String) {
        guard text.utf8.count <= Self.maximumLength else { return nil }
        var alternatives: [[Comparator]] = []
        for part in alternativeTexts(of: text) {
            guard let comparators = comparators(in: part) else { return nil }
            alternatives.append(comparators)
        }
        self.init(text: text, alternatives: alternatives)
    }
}

private typealias Comparator = VersionRange.Comparator

/// What stands between `||`.
private func alternativeTexts(of text: String) -> [Substring] {
    var (texts, rest) = ([Substring](), text[...])
    while let bar = rest.firstIndex(of: "|") {
        let next = rest.index(after: bar)
        guard next < rest.endIndex, rest[next] == "|" else { break }
        texts.append(rest[..<bar])
        rest = rest[rest.index(after: next)...]
    }
    return texts + [rest]
}

private func comparators(in text: Substring) -> [Comparator]? {
    var words = text.split { $0 == " " || $0 == "\t" }[...]
    if words.isEmpty || words == ["latest"] { return [any] }
    if words.count == 3, words[1] == "-" {
        return VersionParts(unprefixed(words[0])).flatMap { lower in
            VersionParts(unprefixed(words[2])).map { hyphenRange(lower, $0) }
        }
    }
    var comparators: [Comparator] = []
    while var word = words.popFirst() {
        let sign = takeSign(&word)
        // A blank may stand behind the sign.
        if word.isEmpty, !sign.isEmpty { word = words.popFirst() ?? "" }
        guard let parts = VersionParts(unprefixed(word)) else { return nil }
        comparators += range(sign, parts)
    }
    return comparators
}

private let signs = [">=", "<=", "~>", ">", "<", "=", "~", "^"]

private func takeSign(_ word: inout Substring) -> String {
    guard let sign = signs.first(where: word.hasPrefix) else { return "" }
    word = word.dropFirst(sign.count)
    return sign
}

/// npm reads v1.2.3 as 1.2.3.
private func unprefixed(_ word: Substring) -> Substring {
    word.first == "v" ? word.dropFirst() : word
}

private let any = Comparator(.greaterOrEqual, SemanticVersion(0, 0, 0))
private let none = Comparator(.less, firstPrerelease(of: SemanticVersion(0, 0, 0)))

/// Lower than every pre-release of a version: a range that ends at it excludes those as well.
private func firstPrerelease(of version: SemanticVersion) -> SemanticVersion {
    SemanticVersion(version.major, version.minor, version.patch, prerelease: [.number(0)])
}

private func between(_ lower: SemanticVersion, _ upper: SemanticVersion) -> [Comparator] {
    [Comparator(.greaterOrEqual, lower), Comparator(.less, firstPrerelease(of: upper))]
}

private func range(_ sign: String, _ parts: VersionParts) -> [Comparator] {
    let count = parts.numbers.count
    guard count > 0 else { return sign == "<" || sign == ">" ? [none] : [any] }
    let isWhole = count == 3
    switch sign {
    case "~", "~>": return between(parts.lowest, parts.next(min(count - 1, 1)))
    case "^": return between(parts.lowest, parts.next(firstSignificantPlace(parts)))
    case ">=": return [Comparator(.greaterOrEqual, parts.lowest)]
    case ">" where isWhole: return [Comparator(.greater, parts.lowest)]
    case ">": return [Comparator(.greaterOrEqual, parts.next(count - 1))]
    case "<" where isWhole: return [Comparator(.less, parts.lowest)]
    case "<": return [Comparator(.less, firstPrerelease(of: parts.lowest))]
    case "<=" where isWhole: return [Comparator(.lessOrEqual, parts.lowest)]
    case "<=": return [Comparator(.less, firstPrerelease(of: parts.next(count - 1)))]
    case _ where isWhole: return [Comparator(.equal, parts.lowest)]
    default: return between(parts.lowest, parts.next(count - 1))
    }
}

/// The place that a caret keeps: that of the first number which is not 0.
private func firstSignificantPlace(_ parts: VersionParts) -> Int {
    parts.numbers.firstIndex { $0 > 0 } ?? parts.numbers.count - 1
}

private func hyphenRange(_ lower: VersionParts, _ upper: VersionParts) -> [Comparator] {
    let count = upper.numbers.count
    let start = lower.numbers.isEmpty ? [] : [Comparator(.greaterOrEqual, lower.lowest)]
    switch count {
    case 0: return start.isEmpty ? [any] : start
    case 3: return start + [Comparator(.lessOrEqual, upper.lowest)]
    default: return start + [Comparator(.less, firstPrerelease(of: upper.next(count - 1)))]
    }
}
