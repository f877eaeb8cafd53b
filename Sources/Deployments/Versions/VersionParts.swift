// SPDX-License-Identifier: Apache-2.0

/// A version of which the last numbers may be absent, or be x or *, as ranges have it.
struct VersionParts {
    /// Bytes of a version, and of a part of a range.
    static let maximumLength = 256

    /// One to three for a version, none for a lone x.
    private(set) var numbers: [Int] = []
    private(set) var prerelease: [SemanticVersion.Identifier] = []
    /// Whether a number is written as x or *.
    private(set) var hasWildcard = false

    /// Nil for a text that is no version.
    init?(_ text: some StringProtocol) {
        guard text.utf8.count <= Self.maximumLength, text.utf8.allSatisfy({ $0 < 0x80 }) else {
            return nil
        }
        let parts = text.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2, identifiers(String(parts[1]), areOrdered: false) == nil { return nil }
        let halves = parts[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard takeNumbers(String(halves[0])) else { return nil }
        guard numbers.count == 3 else {
            // Only a whole version has a tag. npm reads over that of 1.x-alpha.
            if parts.count + halves.count > 2, !hasWildcard { return nil }
            return
        }
        guard halves.count == 2 else { return }
        guard let prerelease = identifiers(String(halves[1]), areOrdered: true) else { return nil }
        self.prerelease = prerelease
    }

    private mutating func takeNumbers(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 3 else { return false }
        for part in parts {
            if part == "x" || part == "X" || part == "*" {
                hasWildcard = true
                continue
            }
            guard let number = versionNumber(part) else { return false }
            // What follows an x is one as well.
            if !hasWildcard { numbers.append(number) }
        }
        return true
    }

    /// The lowest version that begins with these numbers.
    var lowest: SemanticVersion {
        SemanticVersion(number(0), number(1), number(2), prerelease: prerelease)
    }

    /// The lowest version that begins with a higher number at this place.
    func next(_ place: Int) -> SemanticVersion {
        switch place {
        case 0: SemanticVersion(number(0) + 1, 0, 0)
        case 1: SemanticVersion(number(0), number(1) + 1, 0)
        default: SemanticVersion(number(0), number(1), number(2) + 1)
        }
    }

    func number(_ place: Int) -> Int { place < numbers.count ? numbers[place] : 0 }
}

/// A number without a needless 0, below 10^15.
private func versionNumber(_ text: some StringProtocol) -> Int? {
    let bytes = text.utf8
    guard 1...15 ~= bytes.count, bytes.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
    guard bytes.first != 0x30 || bytes.count == 1 else { return nil }
    return Int(text)
}

private func identifiers(
    _ text: String,
    areOrdered: Bool
) -> [SemanticVersion.Identifier]? {
    var identifiers: [SemanticVersion.Identifier] = []
    for part in text.split(separator: ".", omittingEmptySubsequences: false) {
        guard !part.isEmpty, part.utf8.allSatisfy(isTagByte) else { return nil }
        let isNumber = areOrdered && part.utf8.allSatisfy { 0x30...0x39 ~= $0 }
        guard isNumber else {
            identifiers.append(.word(String(part)))
            continue
        }
        guard let number = versionNumber(part) else { return nil }
        identifiers.append(.number(number))
    }
    return identifiers
}

private func isTagByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"):
        true
    default: false
    }
}
