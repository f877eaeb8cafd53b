// SPDX-License-Identifier: Apache-2.0

package import StrictJSON

/// The tokens file that the broker reads, as it has read it last.
package struct TokensFileShape: Shape {
    package var path: String
    /// How many tokens are valid.
    package var tokens: Int64
    /// Tells whoever has the file whether the broker has read it, too. It gives away no token.
    package var digest: String

    package init(path: String, tokens: Int64, digest: String) {
        self.path = path
        self.tokens = tokens
        self.digest = digest
    }

    package init(decoding json: JSON) throws(JSONError) {
        path = try json.requiredString("path")
        tokens = try json.integer("tokens") ?? 0
        digest = try json.string("digest") ?? ""
    }

    package func write(to object: inout ObjectWriter) {
        object.member("path", path)
        object.member("tokens", tokens)
        object.member("digest", digest)
    }
}
