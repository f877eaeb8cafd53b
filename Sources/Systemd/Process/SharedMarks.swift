// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// Marks in memory that outlives this process, also if it is killed at any instant: the service
/// manager keeps the memory's descriptor for the next process. To set a mark takes no system call.
package final class SharedMarks {
    package static let count = 65_536

    private let owned: Descriptor
    private let bytes: UnsafeMutableRawPointer

    /// Marks that are not set.
    package init() throws(SystemError) {
        let descriptor = Descriptor(
            owning: try check(reprieve_memory("reprieved"), "make memory for marks")
        )
        try check(ftruncate(descriptor.number, off_t(Self.count)), "make memory for marks")
        bytes = try Self.map(descriptor.number)
        owned = descriptor
    }

    /// The marks of an earlier process.
    package init(inheriting inherited: InheritedDescriptor) throws(SystemError) {
        let descriptor = Descriptor(owning: inherited.number)
        var status = stat()
        try check(fstat(descriptor.number, &status), "look at inherited marks")
        guard status.st_size == Self.count else {
            throw SystemError("use inherited marks", path: nil, errno: EINVAL)
        }
        bytes = try Self.map(descriptor.number)
        owned = descriptor
    }

    deinit { munmap(bytes, Self.count) }

    package var descriptor: Int32 { owned.number }

    package subscript(index: Int) -> Bool {
        get { bytes.load(fromByteOffset: index, as: UInt8.self) != 0 }
        set { reprieve_write_byte(bytes + index, newValue ? 1 : 0) }
    }

    private static func map(_ descriptor: Int32) throws(SystemError) -> UnsafeMutableRawPointer {
        let memory = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let memory, memory != MAP_FAILED else {
            throw SystemError("map memory for marks", errno: errno)
        }
        return memory
    }
}
