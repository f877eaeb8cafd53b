// SPDX-License-Identifier: Apache-2.0

/// A secret by which a component is known: 26 characters, 130 bits.
///
/// The alphabet needs no escaping anywhere, and has no dot: a token is never taken for a name.
package struct Token: Hashable, Sendable {
    /// How many random bytes a new one takes.
    package static let length = 26
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    package let text: String

    /// A text that has the form of a token; nil for any other.
    package init?(_ text: String) {
        guard text.utf8.count == Self.length,
            text.utf8.allSatisfy({ Self.alphabet.contains($0) })
        else { return nil }
        self.text = text
    }

    /// A new one. Each byte gives 5 bits.
    package init(random bytes: [UInt8]) {
        precondition(bytes.count == Self.length, "a token takes a random byte a character")
        text = String(decoding: bytes.map { Self.alphabet[Int($0 % 32)] }, as: UTF8.self)
    }

    /// All that is kept of it.
    package var digest: SHA256 { SHA256(of: Array(text.utf8)) }
}
