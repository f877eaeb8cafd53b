// SPDX-License-Identifier: Apache-2.0

/// What `deferring` does if an update waits that concerns the component: its gate has not opened.
@nonexhaustive
public enum IfWaiting: Hashable, Sendable {
    /// Runs the body, and the update waits for it too.
    case start
    /// Lets the update go first: the body runs when it is over.
    case wait
    /// Throws an `UpdatesError` with the code `updateWaits`; the body does not run.
    case `throw`
}
