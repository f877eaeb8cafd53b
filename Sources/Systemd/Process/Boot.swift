// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The boot that this process runs in.
package enum Boot {
    /// The kernel's identifier of it, which changes at each reboot. Empty if the kernel gives none.
    package static var id: String {
        let file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = bytes.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
        return String(decoding: bytes.prefix(max(0, count)).prefix { $0 > 0x20 }, as: UTF8.self)
    }

    /// What the wall clock would have said at boot, since 1970. It changes when the wall clock is
    /// set.
    package static var time: Duration {
        EventLoop.read(CLOCK_REALTIME) - EventLoop.read(CLOCK_BOOTTIME)
    }
}
