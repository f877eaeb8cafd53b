// SPDX-License-Identifier: Apache-2.0

import CSystemd

/// How long logind lets shutdowns be delayed.
package enum ShutdownLimit {
    /// As it is in effect. Waits for the bus.
    package static func current() throws(SystemError) -> Duration {
        var made: OpaquePointer?
        try checkSystemd(sd_bus_open_system(&made), "connect to the system bus")
        defer { sd_bus_flush_close_unref(made) }
        var microseconds: UInt64 = 0
        let result = sd_bus_get_property_trivial(
            made,
            "org.freedesktop.login1",
            "/org/freedesktop/login1",
            "org.freedesktop.login1.Manager",
            "InhibitDelayMaxUSec",
            nil,
            CChar(bitPattern: UInt8(ascii: "t")),
            &microseconds
        )
        try checkSystemd(result, "ask logind for InhibitDelayMaxUSec")
        return .microseconds(Int64(clamping: microseconds))
    }
}
