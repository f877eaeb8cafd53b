// SPDX-License-Identifier: Apache-2.0

import CSystemd

/// What the service manager is told about this process, over the socket that `$NOTIFY_SOCKET`
/// names. Without one, nothing happens.
package enum Notify {
    /// The sockets are open, and what survived is loaded. Returns whether there is somebody to
    /// be told.
    @discardableResult
    package static func ready() throws(SystemError) -> Bool {
        try checkSystemd(send("READY=1"), "tell the service manager that this is ready") > 0
    }

    /// What it goes by is read again; `reloaded()` ends it.
    package static func reloading() {
        let now = EventLoop.read(CLOCK_MONOTONIC)
        send("RELOADING=1\nMONOTONIC_USEC=\(now.roundedUpToMicroseconds)")
    }

    package static func reloaded() { send("READY=1") }

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

    @discardableResult
    private static func send(_ assignment: String) -> Int32 {
        sd_notify(0, assignment)
    }
}
