// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The boot that this process runs in.
package enum Boot {
    /// The kernel's identifier of it, which changes at each reboot. Empty if the kernel gives none.
    ///
    /// In a time namespace the clock that counts from the boot has an offset, which is added: an
    /// instant of another namespace means as little here as one of another boot.
    package static var id: String {
        let id = content(of: "/proc/sys/kernel/random/boot_id").prefix { $0 > " " }
        let offsets = content(of: "/proc/self/timens_offsets").split(separator: "\n")
        let words = offsets.map { $0.split(separator: " ") }
        let offset = words.first { $0.first == "boottime" }?.dropFirst() ?? []
        guard offset.contains(where: { $0 != "0" }) else { return String(id) }
        return id + "+" + offset.joined(separator: ".")
    }

    /// A small file of the kernel; empty if it cannot be read.
    private static func content(of path: String) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = bytes.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
