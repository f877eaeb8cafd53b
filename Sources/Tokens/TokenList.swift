// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// The tokens that are good, and whose they are: the content of the tokens file. It knows their
/// digests only, so whoever reads it cannot be anybody.
package struct TokenList: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        package var component: String
        package var digest: SHA256
    }

    /// Bytes of a file. A longer one is refused.
    package static let maximumBytes = 1_024 * 1_024

    package private(set) var entries: [Entry] = []

    package init() {}

    /// Whose token has this digest. It takes the same time whichever it is, or none.
    package func component(of digest: SHA256) -> String? {
        var found: Int?
        for index in entries.indices where entries[index].digest == digest { found = index }
        return found.map { entries[$0].component }
    }

    /// A component can have several tokens, so that one can take the place of another in peace.
    package mutating func issue(_ token: Token, to component: String) {
        entries.append(Entry(component: component, digest: token.digest))
    }

    /// Revokes all tokens of a component, and says how many.
    @discardableResult
    package mutating func revoke(_ component: String) -> Int {
        let before = entries.count
        entries.removeAll { $0.component == component }
        return before - entries.count
    }
}

// MARK: - The file

/// A line that is none of a tokens file.
package struct TokenListError: Error, Hashable, Sendable {
    package var line: Int
    package var message: String
}

extension TokenList {
    /// Reads lines of a name and the digest of its token. Empty lines and comments mean nothing.
    package init(decoding text: String) throws(TokenListError) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where !line.isEmpty && !line.hasPrefix("#") {
            guard let entry = Entry(line) else {
                let message = "not a component's name and the SHA-256 of its token"
                throw TokenListError(line: index + 1, message: message)
            }
            entries.append(entry)
        }
    }

    package func encoded() -> String {
        let head = "# The tokens that reprieved takes, by their SHA-256: see `reprieve token`.\n"
        return entries.reduce(head) { $0 + $1.component + " " + $1.digest.hexadecimal + "\n" }
    }
}

extension TokenList.Entry {
    fileprivate init?(_ line: Substring) {
        let words = line.split(separator: " ")
        guard words.count == 2, isComponentName(String(words[0])),
            let digest = SHA256(hexadecimal: words[1])
        else { return nil }
        self.init(component: String(words[0]), digest: digest)
    }
}
