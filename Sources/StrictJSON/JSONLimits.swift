// SPDX-License-Identifier: Apache-2.0

/// How much JSON is read from a peer. A text beyond any of these is refused whole.
package struct JSONLimits: Hashable, Sendable {
    /// The whole text, in bytes.
    package var maximumBytes: Int

    /// Arrays and objects open at the same time.
    package var maximumDepth: Int

    /// Members of one object.
    package var maximumMembers: Int

    /// Elements of one array.
    package var maximumElements: Int

    /// Elements and members in the whole text. An object counts as eight at least, since what it
    /// takes in memory is many times its text.
    package var maximumValues: Int

    package init(
        maximumBytes: Int = 64 * 1024,
        maximumDepth: Int = 16,
        maximumMembers: Int = 256,
        maximumElements: Int = 4096,
        maximumValues: Int = .max
    ) {
        self.maximumBytes = maximumBytes
        self.maximumDepth = maximumDepth
        self.maximumMembers = maximumMembers
        self.maximumElements = maximumElements
        self.maximumValues = maximumValues
    }

    package static let `default` = JSONLimits()
}

/// How much of a peer's text an error message repeats.
enum Quotation {
    /// In Unicode scalars, escapes included; a longer text ends in three dots. Not in characters:
    /// a single one of those has no limit.
    static let maximumLength = 64
}
