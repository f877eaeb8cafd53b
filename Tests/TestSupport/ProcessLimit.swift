// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How a process ends that a test has started, and which ends otherwise than the test expects.
package enum Overdue {
    /// By a signal, where success is expected.
    case fails
    /// With exit code 0, where a failure is expected.
    case succeeds
}

/// Ends this process in a minute, if it still runs. The time limit of a test does not reach the
/// process in which it expects an exit: what waits there for ever, the test waits for as well.
package func limitProcess(_ overdue: Overdue = .fails) {
    if overdue == .succeeds { signal(SIGALRM) { _ in _exit(0) } }
    alarm(60)
}
