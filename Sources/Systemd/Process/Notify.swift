// SPDX-License-Identifier: Apache-2.0

import CSystemd

/// Notifies the service manager, over the socket that `$NOTIFY_SOCKET` names. Does nothing if that
/// is not set.
package enum Notify {
    /// The sockets are open, and the persistent state is loaded. Returns whether there is a service
    /// manager.
    @discardableResult
    package static func ready() throws(SystemError) -> Bool {
        try checkSystemd(send("READY=1"), "notify the service manager") > 0
    }

    /// The configuration is being read again, until `reloaded()`.
    package static func reloading() {
        let now = EventLoop.read(CLOCK_MONOTONIC)
        send("RELOADING=1\nMONOTONIC_USEC=\(now.roundedUpToMicroseconds)")
    }

    package static func reloaded() { send("READY=1") }

    /// The daemon is stopping.
    package static func stopping() { send("STOPPING=1") }

    /// One line for `systemctl status`. A line break, which would begin another assignment, becomes
    /// a space.
    package static func status(_ text: String) {
        let line = text.utf8.map { $0.isLineBreak ? UInt8(ascii: " ") : $0 }
        send("STATUS=" + String(decoding: line, as: UTF8.self))
    }

    /// Asks for at least so much more time to start or to stop.
    package static func extendTimeout(by time: Duration) {
        send("EXTEND_TIMEOUT_USEC=\(time.roundedUpToMicroseconds)")
    }

    /// Has the service manager keep a descriptor for the process after this one, which inherits it
    /// by this name. A connection that ends is not kept any longer. Returns whether there is a
    /// service manager. Nothing tells whether it does keep the descriptor.
    package static func keep(_ descriptor: Int32, name: String) throws(SystemError) -> Bool {
        let assignments = "FDSTORE=1\nFDNAME=" + name
        let result = withUnsafePointer(to: descriptor) {
            sd_pid_notify_with_fds(0, 0, assignments, $0, 1)
        }
        return try checkSystemd(result, "hand a descriptor to the service manager") > 0
    }

    @discardableResult
    private static func send(_ assignment: String) -> Int32 {
        sd_notify(0, assignment)
    }
}

extension UInt8 {
    /// Also a return, a form feed and a vertical tabulator.
    var isLineBreak: Bool { 0x0A...0x0D ~= self }
}
