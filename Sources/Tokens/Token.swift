// SPDX-License-Identifier: Apache-2.0

/// A secret that identifies a component: 26 characters, 130 bits.
///
/// The alphabet needs no escaping anywhere. It has no dot, so a token is never taken for a name.
package struct Token: Hashable, Sendable {
    /// The number of characters, and of the random bytes that a new token is made from.
    package static let length = 26
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    package let text: String

    /// Nil for a text that does not have the form of a token.
    package init?(_ text: String) {
        guard text.utf8.count == Self.length,
            text.utf8.allSatisfy({ Self.alphabet.contains($0) })
        else { return nil }
        self.text = text
    }

    /// A new token. Each byte gives 5 bits.
    package init(random bytes: [UInt8]) {
        precondition(bytes.count == Self.length, "a token needs one random byte for each character")
        text = String(decoding: bytes.map { Self.alphabet[Int($0 % 32)] }, as: UTF8.self)
    }

    /// The digest, which is all that is stored of a token.
    package var digest: SHA256 { SHA256(of: Array(text.utf8)) }
}
