// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// A process that blocks shutdowns of the machine, by an inhibitor of logind.
package struct ShutdownBlocker: Hashable, Sendable {
    package let who: String
    package let why: String
    package let user: UInt32
    package let process: UInt32

    /// Those that there are now. Waits for the bus.
    package static func all() throws(SystemError) -> [ShutdownBlocker] {
        var made: OpaquePointer?
        try checkSystemd(sd_bus_open_system(&made), "connect to the system bus")
        defer { sd_bus_flush_close_unref(made) }
        var call: OpaquePointer?
        let result = sd_bus_message_new_method_call(
            made,
            &call,
            "org.freedesktop.login1",
            "/org/freedesktop/login1",
            "org.freedesktop.login1.Manager",
            "ListInhibitors"
        )
        try checkSystemd(result, "list inhibitors")
        defer { sd_bus_message_unref(call) }
        var reply: OpaquePointer?
        try checkSystemd(sd_bus_call(made, call, 0, nil, &reply), "list inhibitors")
        defer { sd_bus_message_unref(reply) }
        guard let reply else { return [] }
        return read(BusMessage(reply))
    }

    private static func read(_ message: BusMessage) -> [ShutdownBlocker] {
        message.array(of: "(ssssuu)") {
            message.structure("ssssuu") { () -> (isBlocker: Bool, inhibitor: ShutdownBlocker)? in
                guard let what = message.text(), let who = message.text(),
                    let why = message.text(), let mode = message.text(),
                    let user = message.number32(), let process = message.number32()
                else { return nil }
                // systemd 257 and later have "block-weak" too.
                let isBlocker =
                    what.split(separator: ":").contains("shutdown") && mode.hasPrefix("block")
                let inhibitor = ShutdownBlocker(who: who, why: why, user: user, process: process)
                return (isBlocker, inhibitor)
            }
        }
        .filter { $0.isBlocker }.map { $0.inhibitor }
    }
}
