// SPDX-License-Identifier: Apache-2.0

package import ReprieveProtocol

/// What became of an update.
public enum Outcome: String, Hashable, Sendable {
    case applied
    case failed
    case rolledBack
    /// Withdrawn or refused: nothing was changed.
    case cancelled
    /// The update was never reported as complete, or the broker does not say.
    case unknown
    /// Another component deferred: back to work, the next notice follows.
    case postponed

    package init(_ word: OutcomeWord?) {
        self =
            switch word {
            case .applied: .applied
            case .failed: .failed
            case .rolledBack: .rolledBack
            case .cancelled: .cancelled
            case .unknown, nil: .unknown
            }
    }
}
