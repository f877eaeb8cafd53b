// SPDX-License-Identifier: Apache-2.0

import CSystemd

/// What the service manager is told about this process. Without one, nothing happens.
package enum Notify {
    /// The sockets are open, and what survived is loaded.
    package static func ready() { send("READY=1") }

    /// What it goes by is read again; `ready()` ends it.
    package static func reloading() {
        let now = EventLoop.read(CLOCK_MONOTONIC)
        send("RELOADING=1\nMONOTONIC_USEC=\(now.roundedUpToMicroseconds)")
    }

    /// The orderly stop has begun.
    package static func stopping() { send("STOPPING=1") }

    /// One line for `systemctl status`. A line break would begin another assignment.
    package static func status(_ text: String) {
        send("STATUS=" + text.map { $0.isNewline ? " " : $0 })
    }

    /// Asks for at least so much more time to start or to stop.
    package static func extendTimeout(by time: Duration) {
        send("EXTEND_TIMEOUT_USEC=\(time.roundedUpToMicroseconds)")
    }

    private static func send(_ assignment: String) {
        sd_notify(0, assignment)
    }
}
