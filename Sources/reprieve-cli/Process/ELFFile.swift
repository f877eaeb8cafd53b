// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import ReprieveTypes

/// A program of this machine, as elf(5) describes it.
struct ELFFile {
    /// Programs for other machines are run by an emulator, which has dynamic loaders of its own.
    #if arch(x86_64)
        private static let machines: Set<Int> = [Int(EM_X86_64), Int(EM_386)]
    #elseif arch(arm64)
        private static let machines: Set<Int> = [Int(EM_AARCH64)]
    #else
        private static let machines: Set<Int> = []
    #endif

    private let descriptor: Int32
    private let isWide: Bool

    /// Nil for any other file.
    init?(_ descriptor: Int32) {
        let header = bytes(of: descriptor, 20, at: 0)
        guard header.count == 20, header.starts(with: [0x7F] + Array("ELF".utf8)),
            Self.machines.contains(number(header[18...]))
        else { return nil }
        self.descriptor = descriptor
        isWide = header[4] == 2
    }

    /// The dynamic loader that it names (PT_INTERP).
    var loader: String? {
        let table = isWide ? read(8, at: 32) : read(4, at: 28)
        let (size, count) = (read(2, at: isWide ? 54 : 42), read(2, at: isWide ? 56 : 44))
        let entries = (0..<count).lazy.map { table &+ $0 &* size }
        guard let entry = entries.first(where: { read(4, at: $0) == Int(PT_INTERP) }) else {
            return nil
        }
        let place = isWide ? read(8, at: entry &+ 8) : read(4, at: entry &+ 4)
        let path = bytes(of: descriptor, Int(PATH_MAX), at: place).prefix { $0 != 0 }
        return path.isEmpty ? nil : String(rawBytes: Array(path))
    }

    private func read(_ count: Int, at offset: Int) -> Int {
        number(bytes(of: descriptor, count, at: offset)[...])
    }
}

private func number(_ bytes: ArraySlice<UInt8>) -> Int {
    bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
}

/// Fewer at the end of the file.
private func bytes(of descriptor: Int32, _ count: Int, at offset: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let length = pread(descriptor, &bytes, count, offset)
    return Array(bytes.prefix(max(0, length)))
}
