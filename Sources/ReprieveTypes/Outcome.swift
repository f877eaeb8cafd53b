// SPDX-License-Identifier: Apache-2.0

/// What became of an update.
@nonexhaustive
public enum Outcome: String, CaseIterable, Hashable, Sendable {
    case applied
    case failed
    case rolledBack
    /// Withdrawn or refused: nothing was changed.
    case cancelled
    /// The update was not completed in time, or the broker does not say.
    case unknown
    /// Not an end: another component deferred, and the next notice follows. Only the Swift library
    /// has it, for a component that had acknowledged.
    case postponed

    /// The outcomes that a coordinator reports. All others are the broker's, or the library's own.
    package static let reportable: [Outcome] = [.applied, .failed, .rolledBack]

    /// The outcome that a text on the wire stands for; `unknown` for none, and for one that a later
    /// version may have.
    package init(wire text: String?) {
        let outcome = text.flatMap(Outcome.init) ?? .unknown
        self = outcome == .postponed ? .unknown : outcome
    }
}
