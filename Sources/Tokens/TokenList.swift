// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// The valid tokens and their components: the content of the tokens file. It has only digests, so a
/// reader of the file learns no token.
package struct TokenList: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        package var component: String
        package var digest: SHA256

        /// The first digits, by which an operator tells tokens of one component apart.
        package var digits: String { String(digest.hexadecimal.prefix(8)) }
    }

    /// The maximum size of a tokens file. A longer one is refused.
    package static let maximumBytes = 1_024 * 1_024

    package private(set) var entries: [Entry] = []

    package init() {}

    /// The component whose token has this digest. The time does not depend on which one it is.
    package func component(of digest: SHA256) -> String? {
        var found: Int?
        for index in entries.indices where entries[index].digest == digest { found = index }
        return found.map { entries[$0].component }
    }

    /// Adds a token. A component can have several, so that a new token can replace an old one while
    /// both are valid.
    package mutating func issue(_ token: Token, to component: String) {
        entries.append(Entry(component: component, digest: token.digest))
    }

    /// The tokens of a component whose digests begin with these digits; all where there are none.
    package func entries(of component: String, beginning digits: String = "") -> [Entry] {
        entries.filter { $0.component == component && $0.digest.hexadecimal.hasPrefix(digits) }
    }

    package mutating func revoke(_ revoked: [Entry]) {
        entries.removeAll { revoked.contains($0) }
    }

    /// The digest of the whole file, by which two lists are compared without their content.
    package var digest: SHA256 { SHA256(of: Array(encoded().utf8)) }
}

// MARK: - The file

/// An invalid line of a tokens file.
package struct TokenListError: Error, Hashable, Sendable {
    package var line: Int
    package var message: String
}

extension TokenList {
    /// Reads lines of a component name and the digest of its token. Empty lines and comments are
    /// skipped.
    package init(decoding text: String) throws(TokenListError) {
        // An editor may begin the file with a byte order mark.
        let scalars = text.unicodeScalars
        let text = scalars.first == "\u{FEFF}" ? String(scalars.dropFirst()) : text
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where !line.isEmpty && !line.hasPrefix("#") {
            guard let entry = Entry(line) else {
                let message = "expected a component name and the SHA-256 of its token"
                throw TokenListError(line: index + 1, message: message)
            }
            entries.append(entry)
        }
    }

    package func encoded() -> String {
        let head = "# The SHA-256 of each token that reprieved accepts: see `reprieve token`.\n"
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
