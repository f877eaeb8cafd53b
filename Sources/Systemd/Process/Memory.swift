// SPDX-License-Identifier: Apache-2.0

import CSystemd

/// This process's memory.
package enum Memory {
    private static let large: Int32 = 1_024 * 1_024

    /// Makes the allocator return large blocks to the system when they are freed. By default it
    /// raises these thresholds by itself, and keeps the memory.
    package static func returnLarge() {
        mallopt(M_MMAP_THRESHOLD, large)
        mallopt(M_TRIM_THRESHOLD, large)
    }

    /// Returns all free memory to the system.
    package static func returnFree() {
        malloc_trim(0)
    }
}
