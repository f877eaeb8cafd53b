// SPDX-License-Identifier: Apache-2.0

/// What `deferring` does if an update is under way: its gate has opened.
@nonexhaustive
public enum IfUnderway: Hashable, Sendable {
    /// Throws an `UpdatesError` with the code `updateUnderway`; the body does not run.
    case `throw`
    /// Waits until the update is over, then runs the body.
    case wait
}
