// SPDX-License-Identifier: Apache-2.0

/// Why a text was refused, or a member of an object was not what it should be.
package struct JSONError: Error, Hashable, Sendable {
    /// What was wrong and where; starts in lower case and has no full stop.
    package let message: String

    package init(_ message: String) {
        self.message = message
    }

    init(at position: Int, _ message: String) {
        self.message = "byte \(position): \(message)"
    }
}

extension String {
    /// The text as an error message may show it: escaped, and not too much of it.
    package var quoted: String {
        JSON.string(self).shown
    }
}

extension JSON {
    /// The value's JSON, cut off where it gets long.
    var shown: String {
        let text = String(decoding: encoded(), as: UTF8.self)
        guard text.unicodeScalars.count > Quotation.maximumLength else { return text }
        return String(text.unicodeScalars.prefix(Quotation.maximumLength)) + "..."
    }
}
