// SPDX-License-Identifier: Apache-2.0

internal import CCurl
internal import Glibc

enum Boot {
    /// Names this boot of the machine.
    static var id: String {
        guard let file = fopen("/proc/sys/kernel/random/boot_id", "re") else { return "unknown" }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 36)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}

enum Machine {
    /// Derived from the machine's id, and so the same after a reinstallation of this program. Nil
    /// if the machine has none.
    static var id: String? {
        var text = [CChar](repeating: 0, count: 33)
        guard permit_machine_id(&text) >= 0 else { return nil }
        return String(decoding: text.prefix(32).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static var name: String {
        var name = [CChar](repeating: 0, count: 65)
        gethostname(&name, 64)
        return name.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    }
}
